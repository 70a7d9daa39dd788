"""Keeps services running, one for one: what fails is restarted and nothing else is touched."""

import random
from collections.abc import Callable
from typing import Final, Literal, TypeAlias

import trio

from trio_sfu import events
from trio_sfu.events import Failure, Journal
from trio_sfu.services.life import Work, live
from trio_sfu.services.policy import Policy, Restarting

State: TypeAlias = Literal["starting", "running", "restarting", "failed"]
PREFIX: Final = "service "
"""What the names of the services' tasks begin with."""


class Service:
    """One service, and how it is. Made by ``Services.add``."""

    def __init__(self, name: str, work: Work, policy: Policy) -> None:
        self.name = name
        self.state: State = "starting"
        self.restarts = 0
        self.work = work
        self.policy = policy

    @property
    def degraded(self) -> bool:
        """Whether it does not do its work."""
        return self.state in ("restarting", "failed")


class Services:
    """The parent of all services. No failure of theirs goes further than here."""

    def __init__(self, journal: Journal, chance: Callable[[], float] = random.random) -> None:
        self.services: dict[str, Service] = {}
        self._journal = journal
        self._chance = chance
        self._nursery: trio.Nursery | None = None

    def add(self, name: str, work: Work, policy: Policy | None = None) -> Service:
        """Have a service kept, from now on or from ``run`` on.

        Raises ValueError when there is one of that name.
        """
        if name in self.services:
            raise ValueError(f"there is a service {name} already")
        service = self.services[name] = Service(name, work, policy or Policy())
        if self._nursery is not None:
            self._start(service, self._nursery)
        return service

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep the services, until cancelled; waits for none of them to start."""
        async with trio.open_nursery() as self._nursery:
            for service in self.services.values():
                self._start(service, self._nursery)
            task_status.started()
            await trio.sleep_forever()

    def stop(self) -> None:
        """Have them all end; ``run`` returns when they have."""
        if self._nursery is not None:
            self._nursery.cancel_scope.cancel()

    def _start(self, service: Service, nursery: trio.Nursery) -> None:
        nursery.start_soon(self._keep, service, name=PREFIX + service.name)

    async def _keep(self, service: Service) -> None:
        restarting = Restarting(service.policy)
        while True:
            born = trio.current_time()
            await self._live(service)
            now = trio.current_time()
            delay = restarting.failed(now, now - born, self._chance())
            service.state = "failed" if restarting.given_up else "restarting"
            await trio.sleep(delay)
            service.restarts += 1

    async def _live(self, service: Service) -> None:
        """Live once; an error is noted and goes no further."""

        def running() -> None:
            service.state = "running"

        task = f"services/{service.name}"
        try:
            await live(
                service.work,
                task,
                start_within=service.policy.start_within,
                end_within=service.policy.end_within,
                running=running,
            )
        except* Exception as error:
            failure = Failure.of(error, code="service-failed", path=task)
            self._journal.note(events.ServiceFailed(failure, service.name))
