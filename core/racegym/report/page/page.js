"use strict";

(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const cars = data.cars;
  const element = (id) => document.getElementById(id);
  const STATUS = ["grid", "", "pit", "finished", "retired", "disqualified"];
  const PIT = 2, FINISHED = 3;
  const UNKNOWN = 65535;
  const TRAIL = 2.5; // [s]
  const FOLLOWED = 70; // [m] shown around a car that is followed, to each side
  const NEAR = 40; // [px] a picked car and what is told of it
  const ROW = 30; // [px] as in the style sheet
  const FRESH = 4; // [s] for which a contact stands out
  const YELLOW = 1, BLUE = 2, SAFETY_CAR = 4; // bits of the flags
  const LISTED = 500; // events at most, at a time

  // ---- numbers as people read them

  const clock = (seconds, digits = 1) => {
    const scale = 10 ** digits;
    const ticks = Math.round(Math.max(0, seconds) * scale);
    const whole = Math.floor(ticks / scale);
    const pad = (n) => String(n).padStart(2, "0");
    const fraction = digits ? "." + String(ticks % scale).padStart(digits, "0") : "";
    const hours = Math.floor(whole / 3600);
    const minutes = Math.floor(whole / 60) % 60;
    return (hours ? hours + ":" + pad(minutes) : String(minutes)) + ":" + pad(whole % 60) + fraction;
  };

  const make = (tag, text, className) => {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    if (className) node.className = className;
    return node;
  };

  const lapTime = (seconds) => clock(seconds, 3).replace(/^0:/, "");

  // ---- the recorded run

  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

  const unpack = (packed) => {
    const whole = (name) => new Uint16Array(bytes(packed[name]).buffer);
    return {
      ...packed,
      time: Float64Array.from(new Uint32Array(bytes(packed.time).buffer), (ms) => ms / 1000),
      x: whole("x"), y: whole("y"), speed: whole("speed"), gap: whole("gap"),
      yaw: bytes(packed.yaw),
    };
  };

  // The value at a frame, from a list of frame, value, frame, value ...
  const valueAt = (changes, frame) => {
    let low = 0, high = changes.length / 2 - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (changes[2 * middle] <= frame) low = middle; else high = middle - 1;
    }
    return changes[2 * low + 1];
  };

  // The last frame at or before a time.
  const frameAt = (run, time) => {
    let low = 0, high = run.frames - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (run.time[middle] <= time) low = middle; else high = middle - 1;
    }
    return low;
  };

  // Where a car is between two frames; null where that was not recorded.
  const poseAt = (run, car, frame, time) => {
    const n = cars.length, next = Math.min(frame + 1, run.frames - 1);
    const a = frame * n + car, b = next * n + car;
    if (run.x[a] === UNKNOWN || run.y[a] === UNKNOWN) return null;
    const span = run.time[next] - run.time[frame];
    let share = span > 0 ? Math.min(1, (time - run.time[frame]) / span) : 0;
    const across = Math.hypot(run.x[b] - run.x[a], run.y[b] - run.y[a]) * run.scale;
    const usual = 5 + 3 * span * (run.speed[a] === UNKNOWN ? 100 : run.speed[a] / 100);
    if (run.x[b] === UNKNOWN || across > usual) share = 0; // it was put elsewhere
    const mix = (values) => values[a] + share * (values[b] - values[a]);
    const turn = ((run.yaw[b] - run.yaw[a] + 384) % 256) - 128;
    return {
      x: run.origin[0] + run.scale * mix(run.x),
      y: run.origin[1] + run.scale * mix(run.y),
      yaw: ((run.yaw[a] + share * turn) * Math.PI) / 128,
      speed: run.speed[a] === UNKNOWN ? NaN : mix(run.speed) / 100,
      moves: across > 0,
    };
  };

  // ---- state of the page

  const view = {
    episode: 0, run: null, time: 0, playing: false, picked: -1,
    before: 0, // [ms] of the last picture
    colours: {}, track: null, base: null, laps: [], records: [],
  };

  const readColours = () => {
    const style = getComputedStyle(document.documentElement);
    const read = (name) => style.getPropertyValue(name).trim();
    for (const name of ["ink", "faint", "paper", "field", "asphalt", "edge", "accent",
      "obstacle", "c0", "c1", "c2", "c4"]) {
      view.colours[name] = read("--" + name);
    }
    view.colours.cars = cars.map(({ colour }) =>
      colour.startsWith("var(") ? read(colour.slice(4, -1)) : colour);
  };

  // ---- the map

  const canvas = element("map");
  const pen = canvas.getContext("2d");

  const trackPaths = (shape) => {
    const point = (edge, k) => {
      const i = 2 * (k % (edge.length / 2));
      return [edge[i] / 100, edge[i + 1] / 100]; // centimetres
    };
    const asphalt = new Path2D(), edges = new Path2D(), line = new Path2D();
    const obstacles = new Path2D();
    const n = shape.left.length / 2;
    for (let k = 0; k < n; k++) { // piece by piece: a track may pass over itself
      asphalt.moveTo(...point(shape.left, k));
      asphalt.lineTo(...point(shape.left, k + 1));
      asphalt.lineTo(...point(shape.right, k + 1));
      asphalt.lineTo(...point(shape.right, k));
      asphalt.closePath();
    }
    for (const edge of [shape.left, shape.right]) {
      edges.moveTo(...point(edge, 0));
      for (let k = 1; k < n; k++) edges.lineTo(...point(edge, k));
      edges.closePath();
    }
    const left = point(shape.left, 0), right = point(shape.right, 0);
    line.moveTo(...left);
    line.lineTo(...right);
    for (let i = 0; i < shape.obstacles.length; i += 3) {
      const [x, y, radius] = shape.obstacles.slice(i, i + 3).map((v) => v / 100);
      obstacles.moveTo(x + radius, y);
      obstacles.arc(x, y, radius, 0, 2 * Math.PI);
    }
    // Across the line from left to right, the way that cars go is a quarter turn to the left.
    const way = Math.atan2(right[1] - left[1], right[0] - left[0]) + Math.PI / 2;
    return { asphalt, edges, line, obstacles, left, way };
  };

  const extent = (run, shape) => {
    const box = { west: Infinity, east: -Infinity, south: Infinity, north: -Infinity };
    const take = (x, y) => {
      box.west = Math.min(box.west, x); box.east = Math.max(box.east, x);
      box.south = Math.min(box.south, y); box.north = Math.max(box.north, y);
    };
    if (shape) {
      for (const edge of [shape.left, shape.right]) {
        for (let i = 0; i < edge.length; i += 2) take(edge[i] / 100, edge[i + 1] / 100);
      }
    } else {
      for (let i = 0; i < run.x.length; i++) {
        if (run.x[i] === UNKNOWN) continue;
        take(run.origin[0] + run.scale * run.x[i], run.origin[1] + run.scale * run.y[i]);
      }
      if (box.west > box.east) take(0, 0);
    }
    return box;
  };

  // Fits the canvas to its place on the page and to the form of the track.
  const resize = () => {
    const run = view.run;
    if (!run) return;
    const box = view.box;
    const wide = Math.max(box.east - box.west, 1), high = Math.max(box.north - box.south, 1);
    const width = canvas.parentElement.clientWidth;
    const most = Math.max(320, Math.min(640, 0.68 * window.innerHeight));
    const height = Math.min(most, Math.max(300, (width * high) / wide + 30));
    const ratio = window.devicePixelRatio || 1;
    canvas.style.height = height + "px";
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const margin = 34;
    const scale = Math.min((width - 2 * margin) / wide, (height - 2 * margin) / high);
    view.fit = {
      ratio, width, height, scale,
      x: (box.west + box.east) / 2, y: (box.south + box.north) / 2,
    };
    view.base = null;
    draw();
  };

  // Sets the pen to metres, x east and y north, seen by a camera.
  const useMetres = (target, camera) => {
    const { ratio, width, height } = view.fit;
    const k = camera.scale * ratio;
    target.setTransform(k, 0, 0, -k,
      ratio * width / 2 - k * camera.x, ratio * height / 2 + k * camera.y);
  };

  const drawTrack = (target, camera) => {
    if (!view.track) return;
    const colours = view.colours, pixel = 1 / camera.scale;
    useMetres(target, camera);
    target.fillStyle = colours.asphalt;
    target.fill(view.track.asphalt);
    target.strokeStyle = colours.asphalt; // a narrow track stays visible from afar
    target.lineWidth = 3 * pixel;
    target.stroke(view.track.asphalt);
    target.strokeStyle = colours.edge;
    target.lineWidth = 1.1 * pixel;
    target.stroke(view.track.edges);
    drawLine(target, pixel);
    target.fillStyle = target.strokeStyle = colours.obstacle;
    target.lineWidth = 2 * pixel; // so that a small one stays visible from afar
    target.fill(view.track.obstacles);
    target.stroke(view.track.obstacles);
  };

  // The line, chequered, and beside it which way the cars go round.
  const drawLine = (target, pixel) => {
    const { line, left, way } = view.track;
    target.lineWidth = 6 * pixel;
    target.strokeStyle = "#ffffff";
    target.stroke(line);
    target.strokeStyle = "#16191d";
    target.setLineDash([4 * pixel, 4 * pixel]);
    target.stroke(line);
    target.setLineDash([]);
    target.save();
    target.translate(...left);
    target.rotate(way);
    target.scale(pixel, pixel);
    target.beginPath(); // to the left of the track, pointing ahead
    target.moveTo(-11, 12);
    target.lineTo(9, 12);
    target.moveTo(3, 7);
    target.lineTo(9, 12);
    target.lineTo(3, 17);
    target.lineWidth = 2;
    target.lineCap = target.lineJoin = "round";
    target.strokeStyle = view.colours.faint;
    target.stroke();
    target.restore();
  };

  const camera = (poses) => {
    const { scale, x, y, width, height } = view.fit;
    const pose = poses[view.picked];
    if (!element("follow").checked || !pose) return { scale, x, y };
    return {
      scale: Math.max(scale, Math.min(width, height) / (2 * FOLLOWED)), x: pose.x, y: pose.y,
    };
  };

  const isOut = (run, car, frame) => valueAt(run.status[car], frame) > PIT;

  const draw = () => {
    const run = view.run;
    if (!run || !view.fit) return;
    const frame = frameAt(run, view.time), { ratio, width, height } = view.fit;
    const poses = cars.map((_, car) => {
      const pose = poseAt(run, car, frame, view.time);
      // A car that has finished and stands still is no longer on the track.
      const gone = valueAt(run.status[car], frame) === FINISHED && pose && !pose.moves;
      return gone ? null : pose;
    });
    const eye = camera(poses);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    if (eye.scale === view.fit.scale && eye.x === view.fit.x && eye.y === view.fit.y) {
      if (!view.base) { // the whole map is drawn once
        view.base = document.createElement("canvas");
        view.base.width = canvas.width;
        view.base.height = canvas.height;
        drawTrack(view.base.getContext("2d"), eye);
      }
      pen.drawImage(view.base, 0, 0);
    } else {
      drawTrack(pen, eye);
    }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const place = (x, y) => [
      width / 2 + (x - eye.x) * eye.scale, height / 2 - (y - eye.y) * eye.scale,
    ];
    const order = cars.map((_, car) => car).filter((car) => poses[car]);
    order.sort((a, b) => rank(run, b, frame) - rank(run, a, frame)); // the leader on top
    if (element("trails").checked) {
      for (const car of order) drawTrail(run, car, frame, poses[car], place);
    }
    view.drawn = [];
    for (const car of order) {
      const [x, y] = place(poses[car].x, poses[car].y);
      view.drawn.push({ car, x, y });
      drawCar(x, y, poses[car].yaw, view.colours.cars[car], car === view.picked,
        isOut(run, car, frame));
    }
    if (element("marks").checked) drawMarks(place);
    if (element("names").checked) drawNames(run, frame);
    tell(run, frame, poses);
  };

  const rank = (run, car, frame) =>
    car === view.picked ? -1 : valueAt(run.position[car], frame);

  const drawTrail = (run, car, frame, pose, place) => {
    const n = cars.length;
    let [x, y] = place(pose.x, pose.y);
    pen.strokeStyle = view.colours.cars[car];
    pen.lineWidth = 3;
    pen.lineCap = "butt"; // round ends would overlap, and show as dots
    for (let k = frame; k >= 0 && view.time - run.time[k] < TRAIL; k--) {
      const i = k * n + car;
      if (run.x[i] === UNKNOWN) break;
      const [nextX, nextY] = place(
        run.origin[0] + run.scale * run.x[i], run.origin[1] + run.scale * run.y[i]);
      if (Math.hypot(nextX - x, nextY - y) > 60) break; // it was put elsewhere
      pen.globalAlpha = 0.5 * (1 - (view.time - run.time[k]) / TRAIL);
      pen.beginPath();
      pen.moveTo(x, y);
      pen.lineTo(nextX, nextY);
      pen.stroke();
      [x, y] = [nextX, nextY];
    }
    pen.globalAlpha = 1;
  };

  // Contacts so far, in the colour of their class; the latest stand out.
  const drawMarks = (place) => {
    for (const [time, east, north, level] of data.episodes[view.episode].marks) {
      if (time > view.time) break;
      const [x, y] = place(east, north), fresh = view.time - time < FRESH;
      pen.globalAlpha = fresh ? 1 : 0.55;
      pen.lineWidth = fresh ? 3 : 1.6;
      pen.strokeStyle = view.colours[`c${level}`];
      pen.beginPath();
      const reach = fresh ? 9 : 4;
      pen.moveTo(x - reach, y - reach);
      pen.lineTo(x + reach, y + reach);
      pen.moveTo(x + reach, y - reach);
      pen.lineTo(x - reach, y + reach);
      pen.stroke();
    }
    pen.globalAlpha = 1;
  };

  const drawCar = (x, y, yaw, colour, picked, out) => {
    pen.save();
    pen.translate(x, y);
    pen.globalAlpha = out ? 0.4 : 1;
    if (picked) {
      pen.beginPath();
      pen.arc(0, 0, 13, 0, 2 * Math.PI);
      pen.strokeStyle = view.colours.accent;
      pen.lineWidth = 2.5;
      pen.stroke();
    }
    pen.rotate(-yaw);
    pen.beginPath();
    pen.moveTo(9, 0);
    pen.lineTo(-6, 5.5);
    pen.lineTo(-3, 0);
    pen.lineTo(-6, -5.5);
    pen.closePath();
    pen.lineJoin = "round";
    pen.strokeStyle = view.colours.field;
    pen.lineWidth = 3;
    pen.stroke();
    pen.fillStyle = colour;
    pen.fill();
    pen.restore();
  };

  // Names that would cover each other are left out, those further back first.
  const drawNames = (run, frame) => {
    pen.font = "600 12px system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    const taken = [];
    for (const { car, x, y } of [...view.drawn].reverse()) {
      if (isOut(run, car, frame) && car !== view.picked) continue;
      const text = shortened(cars[car].name);
      const wide = pen.measureText(text).width;
      const right = x + 14 + wide < view.fit.width;
      const box = { x: right ? x + 13 : x - 13 - wide, y: y - 15, wide, high: 16 };
      if (taken.some((b) => box.x < b.x + b.wide + 3 && b.x < box.x + box.wide + 3
        && box.y < b.y + b.high && b.y < box.y + box.high)) continue;
      taken.push(box);
      pen.strokeStyle = view.colours.field;
      pen.lineWidth = 4;
      pen.strokeText(text, box.x, box.y + 8);
      pen.fillStyle = view.colours.ink;
      pen.fillText(text, box.x, box.y + 8);
    }
  };

  const shortened = (name) => (name.length > 22 ? name.slice(0, 21) + "…" : name);

  // ---- standings and figures beside the map

  const rows = cars.map((car, index) => {
    const item = make("li");
    item.className = "row";
    const place = make("span"), name = make("span"), last = make("span"), gap = make("span");
    const sign = make("span", undefined, "sign");
    sign.hidden = true;
    const dot = make("i", undefined, "dot");
    dot.style.background = car.colour;
    name.append(dot, car.name, sign);
    name.title = car.name;
    item.append(place, name, last, gap);
    item.tabIndex = 0;
    const pick = () => {
      view.picked = view.picked === index ? -1 : index;
      draw();
    };
    item.addEventListener("click", pick);
    item.addEventListener("keydown", (event) => {
      if (event.key === "Enter") pick();
    });
    element("standings").append(item);
    return { item, place, last, gap, sign };
  });
  element("standings").style.height = ROW * cars.length + "px";

  const setText = (node, text) => {
    if (node.textContent !== text) node.textContent = text;
  };

  const gapAt = (run, car, frame) => {
    const value = run.gap[Math.floor(frame / run.gap_every) * cars.length + car];
    return value === UNKNOWN || value === undefined ? NaN : value / 100;
  };

  const behind = (run, car, frame, place) => {
    const status = valueAt(run.status[car], frame);
    if (status > PIT) return STATUS[status] || "out";
    if (place === 1) return "leader";
    const laps = run.laps_behind ? valueAt(run.laps_behind[car], frame) : 0;
    if (laps > 0) return `+${laps} lap${laps > 1 ? "s" : ""}`;
    const gap = gapAt(run, car, frame);
    return Number.isNaN(gap) ? "" : "+" + (gap < 60 ? gap.toFixed(1) : clock(gap));
  };

  const tell = (run, frame, poses) => {
    let leader = 0;
    const laps = view.laps.map(lastOf), record = lastOf(view.records);
    rows.forEach(({ item, place, last, gap, sign }, car) => {
      const position = valueAt(run.position[car], frame);
      if (position === 1) leader = car;
      setText(place, String(position));
      setText(last, laps[car] ? lapTime(laps[car].lap) : "");
      last.classList.toggle("best", record !== null && laps[car] === record);
      setText(gap, behind(run, car, frame, position));
      tellSign(run, car, frame, sign);
      item.style.transform = `translateY(${ROW * (position - 1)}px)`;
      item.classList.toggle("picked", car === view.picked);
      item.classList.toggle("out", isOut(run, car, frame));
    });
    tellFlag(run, frame);
    setText(element("clock"), clock(view.time));
    const lap = valueAt(run.lap[leader], frame) + 1;
    if (valueAt(run.status[leader], frame) === FINISHED) {
      setText(element("lap"), cars.length > 1 ? `${cars[leader].name} wins` : "finished");
    } else {
      setText(element("lap"), data.laps
        ? `lap ${Math.min(lap, data.laps)} of ${data.laps}` : `lap ${lap}`);
    }
    element("scrub").value = String(Math.round(view.time * 1000));
    element("scrub").setAttribute("aria-valuetext", clock(view.time));
    element("start").hidden = view.playing || view.time > run.time[0];
    tellCard(run, frame, poses[view.picked], laps[view.picked]);
  };

  const at = (changes, car, frame) => (changes ? valueAt(changes[car], frame) : 0);

  // What a car is shown, beside its name.
  const tellSign = (run, car, frame, sign) => {
    const flags = isOut(run, car, frame) ? 0 : at(run.flags, car, frame);
    const due = !isOut(run, car, frame) && at(run.penalty_due, car, frame) > 0;
    const kind = due ? "due" : flags & BLUE ? "blue" : flags & YELLOW ? "yellow" : "";
    sign.hidden = !kind;
    sign.className = `sign ${kind}`;
    setText(sign, due ? "penalty" : kind);
  };

  // What all are shown, beside the clock.
  const tellFlag = (run, frame) => {
    let all = 0;
    cars.forEach((_, car) => { all |= isOut(run, car, frame) ? 0 : at(run.flags, car, frame); });
    const kind = all & SAFETY_CAR ? "car" : all & YELLOW ? "yellow" : "";
    element("flag").hidden = !kind;
    element("flag").className = kind;
    setText(element("flag"), kind === "car" ? "safety car" : kind);
  };

  // When each lap ended and its time, by car; and those that were the fastest of all by then.
  const sortLaps = (laps) => {
    view.laps = cars.map(() => []);
    view.records = [];
    for (const [car, time, lap] of [...laps].sort((a, b) => a[1] - b[1])) {
      const one = { time, lap };
      view.laps[car].push(one);
      const record = view.records[view.records.length - 1];
      if (!record || lap < record.lap) view.records.push(one);
    }
  };

  const lastOf = (laps) => {
    let n = laps.length;
    while (n > 0 && laps[n - 1].time > view.time + 1e-6) n -= 1;
    return n ? laps[n - 1] : null;
  };

  // The card goes to the lower corner when the car comes near the upper one, and back.
  const isLow = (car, card) => {
    const at = view.drawn.find((drawn) => drawn.car === car), { width, height } = view.fit;
    const low = card.classList.contains("low");
    if (!at || at.x < width - card.offsetWidth - NEAR) return low;
    if (at.y < card.offsetHeight + NEAR) return true;
    return at.y > height - card.offsetHeight - NEAR ? false : low;
  };

  const tellCard = (run, frame, pose, last) => {
    const card = element("card"), car = view.picked;
    card.hidden = car < 0;
    if (car < 0) return;
    const name = make("b", cars[car].name);
    const lines = [`lap ${valueAt(run.lap[car], frame) + 1}`];
    if (pose && !Number.isNaN(pose.speed)) lines.unshift(`${(3.6 * pose.speed).toFixed(0)} km/h`);
    if (last) lines.push(`last lap ${lapTime(last.lap)}`);
    card.style.borderLeftColor = view.colours.cars[car];
    card.replaceChildren(name, lines.join("  ·  "));
    card.classList.toggle("low", isLow(car, card));
  };

  // ---- playing

  const setPlaying = (on) => {
    view.playing = on && view.run !== null;
    element("play-icon").setAttribute("d", view.playing ? "M6 4h4v16H6zM14 4h4v16h-4z" : "M7 4v16l13-8z");
    element("play").setAttribute("aria-label", view.playing ? "Pause" : "Play");
    if (view.playing) {
      element("start").hidden = true;
      view.before = performance.now();
      requestAnimationFrame(advance);
    }
  };

  const advance = (now) => {
    if (!view.playing) return;
    const run = view.run, end = run.time[run.frames - 1];
    view.time += (Math.max(0, now - view.before) / 1000) * Number(element("speed").value);
    view.before = now;
    if (view.time >= end) {
      view.time = end;
      setPlaying(false);
    }
    draw();
    if (view.playing) requestAnimationFrame(advance);
  };

  const seek = (time) => {
    const run = view.run;
    if (!run) return;
    view.time = Math.min(Math.max(time, run.time[0]), run.time[run.frames - 1]);
    draw();
  };

  const togglePlaying = () => {
    const run = view.run;
    if (run && !view.playing && view.time >= run.time[run.frames - 1]) view.time = run.time[0];
    setPlaying(!view.playing);
  };

  element("play").addEventListener("click", togglePlaying);
  element("start").addEventListener("click", () => {
    togglePlaying();
    element("play").focus({ preventScroll: true });
  });
  element("scrub").addEventListener("input", (event) => seek(Number(event.target.value) / 1000));
  for (const id of ["names", "trails", "marks"]) element(id).addEventListener("change", draw);
  element("follow").addEventListener("change", () => {
    if (view.picked < 0 && view.run) { // the leader, if nobody was picked
      const frame = frameAt(view.run, view.time);
      view.picked = cars.findIndex((_, car) => valueAt(view.run.position[car], frame) === 1);
    }
    draw();
  });
  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    const x = event.clientX - box.left, y = event.clientY - box.top;
    const near = (view.drawn || [])
      .map((drawn) => ({ car: drawn.car, far: Math.hypot(drawn.x - x, drawn.y - y) }))
      .sort((a, b) => a.far - b.far)[0];
    view.picked = near && near.far < 24 && near.car !== view.picked ? near.car : -1;
    draw();
  });
  document.addEventListener("keydown", (event) => {
    if (!view.run || event.ctrlKey || event.metaKey || event.altKey) return;
    const own = /^(INPUT|SELECT|BUTTON|SUMMARY|LI)$/.test(event.target.tagName);
    if (own && event.target !== element("scrub")) return; // its own steps would be 1 ms
    if (event.key === " ") togglePlaying();
    else if (event.key === "ArrowRight") seek(view.time + 5);
    else if (event.key === "ArrowLeft") seek(view.time - 5);
    else return;
    event.preventDefault();
  });

  // ---- events

  const shown = new Set();

  const listKinds = () => {
    const counts = new Map();
    for (const [, kind] of data.episodes[view.episode].events) {
      counts.set(kind, (counts.get(kind) || 0) + 1);
    }
    shown.clear();
    const chips = [...counts].map(([kind, count]) => {
      const chip = make("button", `${kind.replaceAll("_", " ")} ${count}`);
      chip.type = "button";
      if (kind !== "lap" || counts.size === 1) shown.add(kind);
      chip.setAttribute("aria-pressed", String(shown.has(kind)));
      chip.addEventListener("click", () => {
        if (!shown.delete(kind)) shown.add(kind);
        chip.setAttribute("aria-pressed", String(shown.has(kind)));
        listEvents();
      });
      return chip;
    });
    element("kinds").replaceChildren(...chips);
  };

  const listEvents = () => {
    const events = data.episodes[view.episode].events.filter(([, kind]) => shown.has(kind));
    element("events").replaceChildren(...events.slice(0, LISTED).map(([time, , car, words]) => {
      const row = make("tr"), when = make("td"), who = make("td");
      const button = make("button", clock(time));
      button.type = "button";
      button.addEventListener("click", () => {
        view.picked = car;
        seek(time);
        element("replay").scrollIntoView({ behavior: "smooth" });
      });
      when.append(view.run ? button : clock(time));
      if (car < 0) { // it concerns everybody
        who.append(words);
      } else {
        const dot = make("i", undefined, "dot");
        dot.style.background = cars[car].colour;
        who.append(dot, `${cars[car].name} ${words}`);
      }
      row.append(when, who);
      return row;
    }));
    const more = element("more-events");
    more.hidden = events.length > 0 && events.length <= LISTED;
    more.textContent = events.length
      ? `The first ${LISTED} of ${events.length} are listed.` : "Nothing of that kind happened.";
  };

  for (const button of document.querySelectorAll(".when")) {
    button.addEventListener("click", () => {
      view.picked = Number(button.dataset.car);
      seek(Number(button.dataset.time));
      if (view.run) element("replay").scrollIntoView({ behavior: "smooth" });
    });
  }

  // ---- episodes

  const choose = (index) => {
    setPlaying(false);
    view.episode = index;
    view.picked = -1;
    let figures = 0;
    for (const part of document.querySelectorAll("[data-episode]")) {
      part.hidden = Number(part.dataset.episode) !== index;
      if (!part.hidden && part.tagName === "FIGURE") figures += 1;
    }
    element("no-figures").hidden = figures > 0;
    const episode = data.episodes[index];
    if (!episode) return;
    view.run = episode.replay ? unpack(episode.replay) : null;
    element("replay").hidden = view.run === null;
    if (view.run) {
      const run = view.run, shape = data.shapes[String(episode.shape)];
      view.track = shape ? trackPaths(shape) : null;
      view.box = extent(run, shape);
      view.time = run.time[0];
      sortLaps(episode.laps);
      setText(element("place"),
        shape ? `${shape.name}, ${shape.length.toFixed(0)} m` : episode.track);
      setText(element("whole"), clock(run.time[run.frames - 1]));
      element("scrub").min = String(Math.round(1000 * run.time[0]));
      element("scrub").max = String(Math.round(1000 * run.time[run.frames - 1]));
      resize();
    }
    listKinds();
    listEvents();
  };

  element("episode").addEventListener("change", (event) => choose(Number(event.target.value)));
  readColours();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    readColours();
    view.base = null;
    draw();
  });
  new ResizeObserver(resize).observe(canvas.parentElement);
  choose(0);
})();
