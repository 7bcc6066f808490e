"""Where no database is named nothing is sent, and no alarm about one stands."""

from controller.domain.alarm import AlarmKind
from tests.support.services import House


async def test_whoever_takes_the_database_out_of_the_settings_ends_its_alarm():
    house = House()
    house.services.alarms.raise_(AlarmKind.SENDING_STOPPED)

    await house.services.recall([], {})

    assert not any(alarm.stands for alarm in house.services.alarms.open)


async def test_without_a_database_nothing_is_sent():
    names = []
    for name, work in House().services.lasting():
        work.close()
        names.append(name)

    assert "spool" in names
    assert "sending" not in names
