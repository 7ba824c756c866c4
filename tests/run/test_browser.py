"""The page of a run, opened in a real browser.

Needs the package ``playwright`` and a Chromium: one on the path, or playwright's own
(``pip install playwright && playwright install chromium``). Skipped without.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from racegym.report import write_page
from racegym.run import RunResult, run

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    # A browser that runs as root refuses its own sandbox.
    flags = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with playwright.sync_playwright() as player:
        try:
            chromium = player.chromium.launch(executable_path=path, args=flags)
        except playwright.Error as error:
            pytest.skip(f"needs a Chromium: {str(error).splitlines()[0]}")
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def page_file(finished: RunResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from racegym.record import RunFolder

    return write_page(RunFolder(finished.folder), tmp_path_factory.mktemp("page") / "page.html")


@pytest.fixture
def opened(browser: Any) -> Iterator[Open]:
    """Return a function that opens a page; at the end nothing may have gone wrong in it."""
    contexts, said, asked = [], [], []

    def open_page(file: Path, **settings: Any) -> Any:
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.resolve().as_uri())
        page.wait_for_selector("#standings li")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in asked if url.startswith("file:")]) == len(contexts)


def until(page: Any, holds: Callable[[], bool]) -> None:
    """Wait; playwright's own way needs ``eval``, which the page forbids."""
    for _ in range(200):
        if holds():
            return
        page.wait_for_timeout(50)
    pytest.fail("nothing happened for ten seconds")


def seconds(page: Any) -> float:
    minutes, rest = page.inner_text("#clock").split(":")
    return 60 * int(minutes) + float(rest)


def pixels(page: Any) -> str:
    text: str = page.evaluate("document.getElementById('map').toDataURL()")
    return text


def test_the_race_plays(opened: Open, page_file: Path, finished: RunResult) -> None:
    page = opened(page_file)
    before = pixels(page)
    page.select_option("#speed", "16")
    page.click("#play")
    until(page, lambda: seconds(page) > 5)
    during = pixels(page)
    assert during != before
    until(page, lambda: pixels(page) != during)
    page.click("#play")
    stopped = seconds(page)
    page.wait_for_timeout(150)
    assert seconds(page) == stopped


def test_at_the_end_the_standings_are_the_classification(
    opened: Open, page_file: Path, finished: RunResult
) -> None:
    page = opened(page_file)
    scrub = page.locator("#scrub")
    scrub.evaluate("e => { e.value = e.max; e.dispatchEvent(new Event('input')); }")
    rows = page.locator("#standings li").all()
    shown = sorted((int(r.locator("span").nth(0).inner_text()), r.inner_text()) for r in rows)
    for (place, text), row in zip(shown, finished.classification, strict=True):
        assert place == row["position"] and row["name"] in text and row["status"] in text
    assert seconds(page) == pytest.approx(finished.result["time"], abs=0.06)


def test_the_race_starts_with_the_large_button(opened: Open, page_file: Path) -> None:
    page = opened(page_file)
    page.click("#start")
    assert not page.locator("#start").is_visible()
    until(page, lambda: seconds(page) > 0.5)
    page.keyboard.press(" ")  # the smaller one has the focus now
    assert page.get_attribute("#play", "aria-label") == "Play"
    assert not page.locator("#start").is_visible()
    page.locator("#scrub").evaluate("e => { e.value = 0; e.dispatchEvent(new Event('input')); }")
    assert page.locator("#start").is_visible()


def test_keys_work_while_the_scrub_bar_has_the_focus(opened: Open, page_file: Path) -> None:
    page = opened(page_file)
    page.locator("#scrub").focus()
    before = seconds(page)
    page.keyboard.press("ArrowRight")
    assert seconds(page) == pytest.approx(before + 5, abs=0.11)  # not its own step of 1 ms
    page.keyboard.press(" ")
    assert page.get_attribute("#play", "aria-label") == "Pause"


def test_standings_tell_the_last_lap_so_far(
    opened: Open, page_file: Path, finished: RunResult
) -> None:
    page = opened(page_file)
    winner = finished.classification[0]
    row = page.locator("#standings li").nth(winner["car"])
    assert row.locator("span").nth(2).inner_text() == ""
    scrub = page.locator("#scrub")
    scrub.evaluate("e => { e.value = e.max; e.dispatchEvent(new Event('input')); }")
    minutes, _, rest = row.locator("span").nth(2).inner_text().rpartition(":")
    told = 60 * int(minutes or 0) + float(rest)
    assert told == pytest.approx(winner["last_lap"], abs=6e-4)
    assert page.inner_text("#lap") == f"{winner['name']} wins"
    best = [r["name"] for r in finished.classification if r["last_lap"] == r["best_lap"]]
    coloured = [r for r in page.locator("#standings li").all() if r.locator(".best").count()]
    assert len(coloured) <= 1 and all(any(n in r.inner_text() for n in best) for r in coloured)


def test_a_car_can_be_picked_and_followed(opened: Open, page_file: Path) -> None:
    page = opened(page_file)
    page.locator("#events button").first.click()
    assert page.locator("#card").is_visible()
    before = pixels(page)
    page.check("#follow")
    assert pixels(page) != before
    page.locator("h1").click()
    page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    page.wait_for_timeout(100)
    assert page.get_attribute("#play", "aria-label") == "Pause"


# How many pixels of the ring around the picked car are on the map, and how many below the card.
RING = """() => {
  const canvas = document.getElementById("map"), all = canvas.getBoundingClientRect();
  const card = document.getElementById("card").getBoundingClientRect();
  const { width, height } = canvas, ratio = width / all.width;
  const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const pixels = copy.getImageData(0, 0, width, height).data;
  let seen = 0, covered = 0;
  for (let i = 0; i < width * height; i++) {
    const [r, g, b, a] = pixels.subarray(4 * i, 4 * i + 4);
    if (Math.abs(r - 37) + Math.abs(g - 99) + Math.abs(b - 201) > 20 || a < 200) continue;
    seen += 1;
    const x = all.left + (i % width) / ratio, y = all.top + Math.floor(i / width) / ratio;
    if (x > card.left && x < card.right && y > card.top && y < card.bottom) covered += 1;
  }
  return [seen, covered];
}"""


@pytest.mark.parametrize("width", [360, 1400])
def test_what_is_told_of_a_car_does_not_cover_it(
    opened: Open, page_file: Path, finished: RunResult, width: int
) -> None:
    page = opened(page_file, color_scheme="light", viewport={"width": width, "height": 800})
    page.locator("#standings li").first.click()
    end = 1000 * finished.classification[0]["total_time"]
    for share in range(1, 20):
        page.locator("#scrub").evaluate(
            "(e, ms) => { e.value = ms; e.dispatchEvent(new Event('input')); }", end * share / 20
        )
        seen, covered = page.evaluate(RING)
        assert seen > 30 and covered == 0, share


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1400])
def test_it_fits_every_window(opened: Open, page_file: Path, scheme: str, width: int) -> None:
    page = opened(page_file, color_scheme=scheme, viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator("#map").bounding_box()
    assert box and box["width"] > 250 and box["x"] + box["width"] <= width
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    light = sum(int(part) for part in ground.removeprefix("rgb(").removesuffix(")").split(","))
    assert (light > 380) is (scheme == "light")


def test_episodes_are_chosen(opened: Open, tmp_path: Path) -> None:
    from racegym.record import RunFolder

    cars = [{"name": "<script>hurt=1</script><b>A", "vehicle": "rental_kart", "driver": "idle"}]
    scenario = {
        "name": "episodes", "backend": "kart2d", "task": "evaluate", "episodes": 3, "laps": 1,
        "time_limit": 3, "cars": cars,
        "tracks": [{"generate": {"seed": s, "length": 300}} for s in (1, 2)],
    }  # fmt: skip
    done = run(scenario, runs_dir=tmp_path, plots=False)
    page = opened(write_page(RunFolder(done.folder)))
    first = pixels(page)
    page.select_option("#episode", "1")
    assert pixels(page) != first  # another track
    page.select_option("#episode", "2")
    assert pixels(page) == first
    assert page.locator("table:visible").count() >= 1
    assert page.evaluate("typeof hurt") == "undefined"
    assert "<script>hurt=1</script><b>A" in page.inner_text("#standings")
