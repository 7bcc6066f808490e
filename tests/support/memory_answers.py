"""Answers to requests with a key of their own, in memory: the honest twin of the AnswerStore port; and a plain sealer."""

from datetime import datetime

from controller.services.tokens.answers import KeptAnswer


class MemoryAnswers:
    def __init__(self) -> None:
        self.kept: dict[bytes, KeptAnswer] = {}

    async def answer(self, key: bytes) -> KeptAnswer | None:
        return self.kept.get(key)

    async def keep_answer(self, key: bytes, answer: KeptAnswer, forget_before: datetime) -> None:
        self.kept = {name: one for name, one in self.kept.items() if one.at >= forget_before} | {key: answer}
