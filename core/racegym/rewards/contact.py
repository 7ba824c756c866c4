"""Contact with other cars, by class and by blame."""

from __future__ import annotations

from pydantic import Field

from racegym.interfaces import Array, RewardTerm, Setup, StageOptions, View, options
from racegym.kernels.race_scoring import charge_contact

__all__ = ["Contact"]


class Contact(RewardTerm):
    """Minus the points of contacts with other cars, when race control has judged them.

    A contact has a class of 0, 1, 2 or 4 points; ``blamed`` is charged for the car's share of
    the blame, ``touched`` whoever is to blame.
    """

    class Options(StageOptions):
        """Settings of the term."""

        blamed: float = Field(
            1.0, ge=0, le=1000, description="price of a point, times the share of the blame"
        )
        touched: float = Field(
            0.0, ge=0, le=1000, description="price of a point, whoever is to blame"
        )

    def __init__(self, setup: Setup):
        super().__init__(setup)
        self.options = options.read(self.Options, setup.options, "reward 'contact'")

    def compute(self, view: View, out: Array) -> None:
        """Fill ``out`` with points, at most 0."""
        race, prices = view.race, self.options
        charge_contact(out, race.contact_class, race.blame, prices.touched, prices.blamed)
