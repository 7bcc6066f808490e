"""What a doctor looks at in a house, beside a running service or without one; nothing is changed by looking."""

from controller.app.doctor.examination import examine_house
from controller.app.doctor.finding import Finding, Grade

__all__ = ["Finding", "Grade", "examine_house"]
