"""What an inbox is not told of."""

from argus_contracts import bus as wire
from argus_notifier.alerts.reader import Alerts
from argus_notifier.settings import NotifierSettings
from argus_notifier.stream import give
from argus_schema import notifier as tables


class TestMutes:
    BASE = "/api/notifications/mutes"

    async def test_they_are_listed_and_lifted(self, house):
        ada = await house.person("ada")
        batch = await house.batch(ada.id)
        mutes = [{"kind": "rule", "batch_id": None}, {"kind": None, "batch_id": batch.id}]
        for mute in (*mutes, mutes[0]):
            assert (await house.send("PUT", ada, self.BASE, mute)).status_code == 204
        assert sorted((await house.get(ada, self.BASE)).json(), key=str) == sorted(mutes, key=str)
        for _ in range(2):
            assert (await house.send("POST", ada, f"{self.BASE}/lift", mutes[1])).status_code == 204
        assert (await house.get(ada, self.BASE)).json() == mutes[:1]

    async def test_what_cannot_be_muted(self, house):
        ada, eve = await house.person("ada"), await house.person("eve")
        batch = await house.batch(ada.id)
        assert (await house.send("PUT", ada, self.BASE, {})).status_code == 422
        unknown = await house.send("PUT", ada, self.BASE, {"kind": "nonsense"})
        assert unknown.json()["error"]["code"] == "subscription.kind_unknown"
        hidden = await house.send("PUT", eve, self.BASE, {"batch_id": batch.id})
        assert hidden.json()["error"]["code"] == "batch.not_found"
        assert (await house.get(eve, self.BASE)).json() == []

    async def test_a_muted_batch_a_muted_kind_and_a_muted_kind_of_a_batch_are_not_told(self, house, wires):
        ada = await house.person("ada")
        quiet, other, third = [await house.batch(ada.id) for _ in range(3)]
        await house.send("PUT", ada, self.BASE, {"batch_id": quiet.id})
        await house.send("PUT", ada, self.BASE, {"kind": "batch_stalled"})
        await house.send("PUT", ada, self.BASE, {"kind": "job_failed", "batch_id": third.id})
        for batch in (quiet, other, third):
            events = (("job_failed", "j1", {}), ("batch_stalled", None, {}), ("batch_failed", None, {}))
            packed = wires.message(wire.event_subject(batch.key), wires.bundle(batch, *events))
            await give([Alerts(house.platform, NotifierSettings())], [packed])
        told = {(row.batch_id, row.rule_id) for row in await house.rows(tables.notification)}
        assert told == {(other.id, "job_failed"), (other.id, "batch_failed"), (third.id, "batch_failed")}
