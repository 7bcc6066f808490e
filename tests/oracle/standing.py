"""Step 5 of the access rules: whether somebody may come at all, by the standing of their memberships or by something else.

Told from the text alone, as all of the oracle; what they may open is in `ways_in`.
"""

from datetime import datetime

from controller.domain.holdings import BookingState, PublicEvent
from controller.domain.membership import (
    Lease,
    Membership,
    PersonKind,
    Standing,
)
from controller.domain.rights import DenyReason, Read, Rights
from tests.oracle import days


class Somebody:
    """Whoever made one read, and everything that is known when it is decided."""

    def __init__(self, read: Read, rights: Rights, at: datetime) -> None:
        self.read = read
        self.rights = rights
        self.space = rights.space
        self.at = at
        self.today = days.business_day(at, rights.space)
        self.calendar = days.calendar_day(at, rights.space)

    def person(self) -> DenyReason | None:
        person = self.rights.person
        if person is None:
            return None  # nobody to ask about
        if person.banned:
            return DenyReason.BANNED
        if person.kind is PersonKind.STAFF:
            return None
        standing = self.standing(self.rights.memberships)
        if standing in (DenyReason.NO_MEMBERSHIP, DenyReason.MEMBERSHIP_ENDED) and self.holds_something_else():
            return None
        if standing is DenyReason.NO_MEMBERSHIP and self.had_a_pass_that_was_taken_back():
            return DenyReason.PASS_REVOKED
        return standing

    def had_a_pass_that_was_taken_back(self) -> bool:
        passes = [*(each.guest_pass for each in self.rights.guest_passes), *self.rights.visits]
        return any(each.is_revoked and self.at < each.end for each in passes)

    def standing(self, memberships: tuple[Membership, ...]) -> DenyReason | None:
        """The best of several counts."""
        stands = {self.standing_of(each) for each in memberships}
        for standing, reason in (
            (Standing.ACTIVE, None),
            (Standing.OVERDUE, DenyReason.MEMBERSHIP_OVERDUE),
            (Standing.PAUSED, DenyReason.MEMBERSHIP_PAUSED),
            (Standing.ENDED, DenyReason.MEMBERSHIP_ENDED),
        ):
            if standing in stands:
                return reason
        return DenyReason.NO_MEMBERSHIP

    def standing_of(self, membership: Membership) -> Standing | None:
        """ACTIVE stands for grace too; None is a membership of the future, which counts for nothing."""
        if membership.ends is not None and self.today > membership.ends:
            return Standing.ENDED
        if self.calendar < membership.starts:
            return None
        if membership.standing not in (Standing.ACTIVE, Standing.GRACE):
            return membership.standing
        if membership.due_since is not None and membership.due_since <= self.calendar:
            grace = self.space.grace
            late = (self.today - membership.due_since).days >= grace.days
            if late or membership.due_cents > grace.cents:
                return Standing.OVERDUE
        return Standing.ACTIVE

    def is_current(self, held: Lease | Membership) -> bool:
        return held.starts <= self.calendar and (held.ends is None or self.today <= held.ends)

    def holds_something_else(self) -> bool:
        """Whether something other than a membership brings this person here, today or later; step 7 says when."""
        rights = self.rights
        # What was over before today began is history; what ended today still tells its holder so.
        today = days.occurrence(self.today, self.space.cut_off_minutes, self.space.zone, last=False)
        ends = [
            *(each.event.end for each in rights.tickets if not each.ticket.is_void),
            *(each.guest_pass.end for each in rights.guest_passes if not each.guest_pass.is_revoked),
            *(each.end for each in rights.visits if not each.is_revoked),
            *(each.end for each in rights.bookings if each.state is BookingState.BOOKED),
            *(each.end for each in rights.hosting),
        ]
        has_day_pass = self.today in rights.usage.day_pass_days or rights.usage.day_passes_left > 0
        has_lease = any(self.is_current(each) for each in rights.leases)
        return has_day_pass or has_lease or any(end > today for end in ends)

    def is_over(self, event: PublicEvent) -> bool:
        return self.at >= event.end or (event.ended_at is not None and self.at >= event.ended_at)
