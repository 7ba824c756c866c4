"""Checks that the backend honours the effects it declares, each in its direction."""

from __future__ import annotations

import numpy as np

from racegym.interfaces import Effects, columns
from racegym.testing.backend.base import BackendChecks, Motion
from racegym.testing.rig import difference, everyday, imposed, rows
from racegym.testing.suite import ConformanceError, NotApplicable, needs

__all__ = ["EffectChecks"]

ODD = {"mass": 50.0, "fx": 500.0, "fy": 500.0, "mz": 100.0, "steer_offset": 0.1, "speed_limit": 1.0}


class EffectChecks(BackendChecks):
    """A declared effect changes the motion as documented; others change nothing."""

    def _demand(self, effect: str) -> None:
        if effect not in self.spec.effects:
            raise NotApplicable(f"the backend does not honour {effect!r}")

    def _expect(self, kept: bool, effect: str, value: float, seen: str) -> None:
        if not kept:
            raise ConformanceError(
                f"effect {effect} = {value:g} is declared, but {seen}",
                where=f"Backend.step, effects.{effect}",
            )

    def _differs(self, effect: str, value: float, **controls: float) -> None:
        """Demand that the effect changes a manoeuvre at all, where no direction is promised."""
        a, b = self.compare({effect: value}, 1.0, **controls)
        same = max(abs(p - q) for p, q in zip(a, b, strict=True)) < 1e-4
        self._expect(not same, effect, value, "nothing changes")

    @needs("throttle_accelerates")
    def check_effect_grip(self) -> None:
        """Less grip brakes or corners less."""
        self._demand("grip")
        straight = self.compare({"grip": 0.25}, 0.4, brake=1.0)
        corner = self.compare({"grip": 0.25}, 1.0, steer=1.0)
        stops = [motion.before - motion.slowest for motion in straight]
        bends = [abs(motion.bent) for motion in corner]
        weaker = stops[1] < 0.9 * stops[0] or bends[1] < 0.9 * bends[0]
        seen = f"braking takes off {stops[1]:.2f} m/s (was {stops[0]:.2f})"
        self._expect(weaker and stops[1] < 1.1 * stops[0], "grip", 0.25, seen)

    @needs("throttle_accelerates")
    def check_effect_tyre_stiffness(self) -> None:
        """Softer tyres answer the steering differently."""
        self._demand("tyre_stiffness")
        self._differs("tyre_stiffness", 0.3, steer=0.4)

    @needs("throttle_accelerates")
    def check_effect_rolling_resistance(self) -> None:
        """More rolling resistance slows a coasting car."""
        self._demand("rolling_resistance")
        a, b = self.compare({"rolling_resistance": 20.0}, 1.0)
        self._slower("rolling_resistance", 20.0, a, b)

    @needs("throttle_accelerates")
    def check_effect_power(self) -> None:
        """Without power the throttle does nothing."""
        self._demand("power")
        a, b = self.compare({"power": 0.0}, 1.0, throttle=1.0)
        gains = [motion.after - motion.before for motion in (a, b)]
        seen = f"full throttle gains {gains[1]:.2f} m/s (was {gains[0]:.2f})"
        self._expect(gains[1] < max(0.1 * gains[0], 0.02), "power", 0.0, seen)

    @needs("throttle_accelerates")
    def check_effect_drag(self) -> None:
        """More drag slows a coasting car."""
        self._demand("drag")
        a, b = self.compare({"drag": 5.0}, 1.0)
        self._slower("drag", 5.0, a, b)

    @needs("throttle_accelerates", "brake_decelerates")
    def check_effect_brake(self) -> None:
        """Without brake force the brake does nothing."""
        self._demand("brake")
        a, b = self.compare({"brake": 0.0}, 0.5, brake=1.0)
        drops = [motion.before - motion.slowest for motion in (a, b)]
        seen = f"braking takes off {drops[1]:.2f} m/s (was {drops[0]:.2f})"
        self._expect(drops[1] < 0.7 * drops[0], "brake", 0.0, seen)

    @needs("throttle_accelerates")
    def check_effect_downforce_front(self) -> None:
        """Front downforce changes how a car with downforce brakes and corners."""
        self._downforce("downforce_front")

    @needs("throttle_accelerates")
    def check_effect_downforce_rear(self) -> None:
        """Rear downforce changes how a car with downforce brakes and corners."""
        self._downforce("downforce_rear")

    def _downforce(self, effect: str) -> None:
        self._demand(effect)
        with self.free() as rig:
            if rig.world.view.vehicle.downforce[0, 0] <= 0:
                raise NotApplicable("the vehicle has no downforce")
        self._differs(effect, 0.0, steer=1.0, throttle=1.0)

    @needs("throttle_accelerates")
    def check_effect_mass(self) -> None:
        """A heavier car gains less speed."""
        self._demand("mass")
        with self.free() as rig:
            more = 0.5 * float(rig.world.view.vehicle.mass[0, 0])
        a, b = self.compare({"mass": more}, 1.0, throttle=1.0)
        self._slower("mass", more, a, b)

    @needs("throttle_accelerates")
    def check_effect_fx(self) -> None:
        """A force forward speeds a coasting car up."""
        force = self._force("fx")
        a, b = self.compare({"fx": force}, 1.0)
        seen = f"the car coasts to {b.after:.3f} m/s (was {a.after:.3f})"
        self._expect(b.after > a.after + 0.1, "fx", force, seen)

    @needs("throttle_accelerates")
    def check_effect_fy(self) -> None:
        """A force to the left moves the car to the left."""
        force = self._force("fy")
        a, b = self.compare({"fy": force}, 0.5)
        seen = f"the car moves {b.left - a.left:+.4f} m to the left"
        self._expect(b.left > a.left + 1e-4, "fy", force, seen)

    @needs("throttle_accelerates")
    def check_effect_mz(self) -> None:
        """A moment about z turns the car to the left."""
        moment = self._force("mz")
        a, b = self.compare({"mz": moment}, 0.5)
        seen = f"yaw changes by {b.turned - a.turned:+.4f} rad"
        self._expect(b.turned > a.turned + 1e-4, "mz", moment, seen)

    def _force(self, effect: str) -> float:
        """Return a tenth of the car's weight, in newtons or newton metres."""
        self._demand(effect)
        with self.free() as rig:
            return float(rig.world.view.vehicle.mass[0, 0])

    @needs("throttle_accelerates", "positive_steer_turns_left")
    def check_effect_steer_offset(self) -> None:
        """An offset of the wheels to the left turns the car to the left."""
        self._demand("steer_offset")
        a, b = self.compare({"steer_offset": 0.1}, 1.0)
        seen = f"yaw changes by {b.turned - a.turned:+.4f} rad"
        self._expect(b.turned > a.turned + 0.01, "steer_offset", 0.1, seen)

    @needs("throttle_accelerates")
    def check_effect_speed_limit(self) -> None:
        """Above the limit the engine gives nothing."""
        self._demand("speed_limit")
        a, b = self.compare({"speed_limit": 1.0}, 1.0, throttle=1.0)
        gained = b.fastest - b.before
        seen = f"full throttle at {b.before:.2f} m/s still gains {gained:.2f} m/s"
        self._expect(gained < 0.1 * (a.fastest - a.before) + 0.02, "speed_limit", 1.0, seen)

    def _slower(self, effect: str, value: float, plain: Motion, slowed: Motion) -> None:
        seen = f"the car ends at {slowed.after:.4f} m/s (was {plain.after:.4f})"
        self._expect(slowed.after < plain.after - 1e-3, effect, value, seen)

    @needs("replays_from_a_seed")
    def check_other_effects_are_ignored(self) -> None:
        """Effects that are not declared change nothing."""
        others = sorted(columns(Effects).keys() - self.spec.effects)
        if not others:
            raise NotApplicable("the backend honours every effect")
        values = {name: ODD.get(name, 0.3) for name in others}
        controls = everyday(40, self.n_races, self.n_cars)
        for part in (0, 2):  # to the limits, so that a lack of grip or brake shows
            controls[20:, ..., part] = np.sign(controls[20:, ..., part])
        runs = []
        for chosen in ({}, values):
            with self.rig(realism=imposed(())) as rig:
                rig.start()
                rig.impose(chosen)
                rig.play(controls)
                runs.append(rows(rig.world))
        odd = difference(runs[0], runs[1], skip=("effects.",))
        if odd:
            raise ConformanceError(
                f"effects that are not declared ({', '.join(others)}) changed {odd}",
                where="Backend.step and spec.effects",
            )
