import sqlalchemy as sa

from argus_kit.clock import now
from argus_schema import catalog

PATH = "/api/projects/vision/recipients"


async def member(house, person, project="vision", role="editor"):
    row = {"project": project, "user_id": person.id, "role": role, "created_at": now()}
    async with house.database.write() as connection:
        await connection.execute(sa.insert(catalog.project_member).values(row))


class TestLife:
    async def test_add_list_change_remove(self, house):
        ada = await house.person("ada")
        await member(house, ada)
        body = {"email": "Lab@Example.ORG", "event_kinds": ["job_failed"]}
        added = await house.send("POST", ada, PATH, body)
        assert added.status_code == 201
        one = added.json()
        assert set(one) == {
            "id", "project", "email", "event_kinds", "enabled", "added_by_user_id", "created_at", "updated_at",
        }  # fmt: skip
        assert (one["email"], one["enabled"], one["added_by_user_id"]) == ("lab@example.org", True, ada.id)
        assert (await house.get(ada, PATH)).json() == [one]
        changed = await house.send("PATCH", ada, f"{PATH}/{one['id']}", {"enabled": False, "email": None})
        assert (changed.json()["enabled"], changed.json()["email"]) == (False, "lab@example.org")
        assert (await house.send("DELETE", ada, f"{PATH}/{one['id']}")).status_code == 204
        assert (await house.send("DELETE", ada, f"{PATH}/{one['id']}")).status_code == 404

    async def test_an_address_once_per_project(self, house):
        root = await house.person("root", is_admin=True)
        one = (await house.send("POST", root, PATH, {"email": "a@example.org"})).json()
        two = (await house.send("POST", root, PATH, {"email": "b@example.org"})).json()
        for method, path, body in (
            ("POST", PATH, {"email": "A@example.org"}),
            ("PATCH", f"{PATH}/{two['id']}", {"email": "a@EXAMPLE.org"}),
        ):
            answer = await house.send(method, root, path, body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (409, "recipient.exists")
        assert (await house.send("PATCH", root, f"{PATH}/{one['id']}", {"email": "a@example.org"})).status_code == 200

    async def test_bad_input(self, house):
        root = await house.person("root", is_admin=True)
        assert (await house.send("POST", root, PATH, {"email": "nonsense"})).status_code == 422
        unknown = {"email": "a@example.org", "event_kinds": ["nonsense"]}
        assert (await house.send("POST", root, PATH, unknown)).status_code == 400
        other = await house.send("PATCH", root, "/api/projects/other/recipients/1", {})
        assert other.status_code == 404


class TestRights:
    async def test_who_has_no_part_in_a_project_is_refused(self, house):
        eve = await house.person("eve")
        ada = await house.person("ada")
        await house.batch(ada.id, "vision")
        for answer in (await house.get(eve, PATH), await house.send("POST", eve, PATH, {"email": "e@example.org"})):
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "project.forbidden")

    async def test_one_batch_of_that_name_opens_nothing_of_the_members(self, house):
        ada, eve = await house.person("ada"), await house.person("eve")
        await member(house, ada)
        await house.batch(eve.id, "vision")
        hers = (await house.send("POST", ada, PATH, {"email": "lab@example.org"})).json()
        assert (await house.get(eve, PATH)).json() == []
        assert (await house.send("PATCH", eve, f"{PATH}/{hers['id']}", {"enabled": False})).status_code == 404
        assert (await house.send("DELETE", eve, f"{PATH}/{hers['id']}")).status_code == 404
        own = (await house.send("POST", eve, PATH, {"email": "eve@example.org"})).json()
        assert [item["id"] for item in (await house.get(eve, PATH)).json()] == [own["id"]]
        assert [item["id"] for item in (await house.get(ada, PATH)).json()] == [hers["id"], own["id"]]

    async def test_a_viewer_reads_them_all_and_changes_none(self, house):
        ada, vera = await house.person("ada"), await house.person("vera")
        await member(house, ada, role="owner")
        await member(house, vera, role="viewer")
        one = (await house.send("POST", ada, PATH, {"email": "lab@example.org"})).json()
        assert (await house.get(vera, PATH)).json() == [one]
        for method, path, body in (
            ("POST", PATH, {"email": "v@example.org"}),
            ("PATCH", f"{PATH}/{one['id']}", {"enabled": False}),
            ("DELETE", f"{PATH}/{one['id']}", None),
        ):
            answer = await house.send(method, vera, path, body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "project.forbidden")
