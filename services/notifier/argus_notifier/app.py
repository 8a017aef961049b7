"""The HTTP app of notifier."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI

from argus_kit.app import Service, http_app
from argus_kit.routing import APIRouter
from argus_notifier.worker import worker_parts
from argus_schema import notifier as tables


def _routers() -> Sequence[APIRouter]:
    from argus_notifier.channels import endpoints as channels
    from argus_notifier.channels import of_project
    from argus_notifier.delivery import endpoints as delivery
    from argus_notifier.delivery import of_batch
    from argus_notifier.digest import endpoints as digest
    from argus_notifier.inbox import choice_endpoints as inbox_choices
    from argus_notifier.inbox import endpoints as inbox
    from argus_notifier.inbox import mute_endpoints as mutes
    from argus_notifier.mail import endpoints as mail
    from argus_notifier.preferences import endpoints as preferences
    from argus_notifier.recipients import endpoints as recipients
    from argus_notifier.rules import endpoints as rules
    from argus_notifier.rules import of_project as rules_of_project
    from argus_notifier.templates import endpoints as templates
    from argus_notifier.unsubscribe import endpoints as unsubscribe

    return [
        module.router
        for module in (
            channels,
            of_project,
            delivery,
            of_batch,
            inbox,
            mutes,
            inbox_choices,
            mail,
            preferences,
            recipients,
            rules,
            rules_of_project,
            digest,
            templates,
            unsubscribe,
        )
    ]


SERVICE = Service(name="notifier", routers=_routers, outbox=tables.outbox, worker_parts=worker_parts)


def create_app() -> FastAPI:
    """The app, with a platform of its own."""
    return http_app(SERVICE)
