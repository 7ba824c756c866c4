"""``racegym doctor``: whether racegym can work here, and what helps where it can't.

for finding in examine():
    print(finding.state, finding.what, finding.found, finding.remedy)
"""

from racegym.doctor.examination import examine
from racegym.doctor.finding import Finding
from racegym.doctor.machine import has_display

__all__ = ["Finding", "examine", "has_display"]
