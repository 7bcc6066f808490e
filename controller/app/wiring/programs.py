"""What programs are answered by: the tokens they come with, and what they were answered before."""

from controller.app.wiring.ground import Ground
from controller.app.wiring.wing import Lasting, Wing
from controller.services.tokens.answers import Answers
from controller.services.tokens.keyring import Keyring


class ProgramWing(Wing):
    def __init__(self, ground: Ground) -> None:
        kept, board = ground.kept, ground.board
        self.keyring = Keyring(
            kept.tokens,
            ground.clock,
            lambda id: ground.people().people.get(id),
            # A house whose doors work is well, whoever tries tokens at its API.
            lambda name, ok, text: board.report(name, ok=ok, text=text, vital=False),
        )
        self.answers = Answers(kept.answers, kept.sealer, ground.clock)

    def lasting(self) -> Lasting:
        yield "tokens", self.keyring.run()
