"""From one process to roles and back, on one database: what is said is counted once, whoever hears it."""

import pytest

from tests.e2e.machines import Machine, awaited
from tests.e2e.roles import BRANDS, PARTS, running
from tests.e2e.world import counted, views_at
from tests.kafka import cluster as kafka_cluster
from tests.servers import lasting_port

ROLES = ("listen", "judge", "judge", "notify")


@pytest.fixture(scope="module")
def kafka():
    with kafka_cluster(3) as made:
        yield made


@pytest.mark.timeout(300)
async def test_roles_go_on_from_one_process_and_one_process_from_roles(the_world, server, kafka):
    the_world.brands, the_world.parts = BRANDS, PARTS
    the_world.database, the_world.kafka = server, kafka.servers
    config = the_world.write_config()
    one = Machine(the_world, config, the_world.port)
    roles = [Machine(the_world, config, lasting_port(), role=role) for role in ROLES]
    async with views_at(server) as views:
        for number, machines in enumerate(([one], roles, [one])):
            async with running(*machines):
                for machine in machines:
                    await awaited("ready", machine.is_active, machines)
                await said(the_world, range(number * 20, number * 20 + 20), machines, views)
        for brand in BRANDS:
            assert {1} == {*(await counted(views, brand)).values()}


async def said(the_world, numbers, machines, views):
    """Say something in each place, and wait until all that was said by then is counted."""
    for number in numbers:
        say = the_world.say_in_feed if number % 2 else the_world.say_in_file
        say(number)

    async def is_counted():
        return all([{*await counted(views, brand)} == the_world.sent for brand in BRANDS])

    await awaited("counted", is_counted, machines)
