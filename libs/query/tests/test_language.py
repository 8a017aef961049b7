from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argus_query.errors import QueryError
from argus_query.parser import parse
from argus_query.tree import Both, Compare, Duration, Field, In, Is, Not, Value

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
DEEP = st.tuples(st.sampled_from(["config", "metrics", "not"]), st.lists(TEXTS, min_size=1, max_size=3))
PATHS = st.one_of(
    st.sampled_from(["model", "status", "started", "nonsense"]).map(lambda name: (name,)),
    DEEP.map(lambda path: (path[0], *path[1])),
)
FIELDS = st.builds(Field, PATHS)
DURATIONS = st.builds(
    lambda n, unit: Duration(float(n) * {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[unit], f"{n}{unit}"),
    st.integers(-999, 999),
    st.sampled_from("smhdw"),
)
TIMES = st.datetimes(timezones=st.just(UTC))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.builds(Value, st.one_of(TEXTS, NUMBERS, st.booleans(), DURATIONS, TIMES))
CONDITIONS = st.one_of(
    st.builds(Compare, FIELDS, st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "~"]), VALUES),
    st.builds(In, FIELDS, st.lists(VALUES, min_size=1, max_size=4).map(tuple), st.booleans()),
    st.builds(Is, FIELDS, st.sampled_from(["null", "nan"]), st.booleans()),
)
TREES = st.recursive(
    CONDITIONS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(Both, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=12,
)


class TestParse:
    @given(TREES)
    def test_the_text_of_a_tree_is_parsed_to_the_same_tree(self, tree):
        assert parse(str(tree)) == tree

    @given(
        st.one_of(
            st.text(max_size=60),
            st.lists(
                st.sampled_from([*"()<>=~,.-'\"\\ 1e", "and", "not", "in", "model", "7d", "2026-01-01"]),
                max_size=20,
            ).map(" ".join),
        )
    )
    def test_any_text_is_a_query_or_refused_at_a_place_within_it(self, text):
        try:
            parse(text)
        except QueryError as error:
            assert 0 <= error.position <= len(text)
            assert error.status == 422

    @pytest.mark.parametrize(
        ("text", "canonical"),
        [
            ("a=1 or b=2 and not c=3", "a = 1.0 or (b = 2.0 and not c = 3.0)"),
            ("(a=1 or b=2) and c=3", "(a = 1.0 or b = 2.0) and c = 3.0"),
            ("A == 'x' AND b <> true", 'a = "x" and b != true'),
            ("config.lr<1e-3 and metrics.val/acc>.9", "config.lr < 0.001 and metrics.val/acc > 0.9"),
            ('metrics."my metric" contains "x"', 'metrics."my metric" ~ "x"'),
            ("model not in ('a',\"b\")", 'model not in ("a", "b")'),
            ("started>-7d", "started > -7d"),
            ("started > 2026-11-01", "started > 2026-11-01T00:00:00+00:00"),
            ("config.x is not null", "config.x is not null"),
            ("not not a is null", "not not a is null"),
        ],
    )
    def test_what_is_read(self, text, canonical):
        assert str(parse(text)) == canonical

    def test_a_time_has_its_zone_heeded(self):
        tree = parse("started < 2026-11-01T12:00+02:00")
        assert tree.value.value == datetime(2026, 11, 1, 10, tzinfo=UTC)

    def test_nothing_is_everything(self):
        assert parse(" \n") is None

    @pytest.mark.parametrize(
        ("text", "position", "words"),
        [
            ("model = ", 8, "value is missing"),
            ("model = resnet", 8, '"resnet"'),
            ("model resnet", 6, "operator is missing"),
            ("(model = 'a'", 12, "parenthesis is not closed"),
            ("model = 'a' model", 12, "goes on"),
            ("model = 'a", 8, "quote is not closed"),
            ("model = null", 8, "is null"),
            ("a = 1 and", 9, "condition is missing"),
            ("a in 1", 5, "list"),
            ("a in ()", 6, "value is missing"),
            ("a = 1e999", 4, "too large"),
            ("a = 2026-02-30", 4, "no such date"),
            ("a = 999999999999d", 4, "thousand years"),
            ("a; drop table job", 1, "not understood"),
            ("a = 'x\0'", 6, "cannot be searched"),
            ("metrics. > 1", 8, "after the dot"),
            ("(" * 60 + "a = 1" + ")" * 60, 41, "deep"),
            (" and ".join(["a=1"] * 120), 800, "100 conditions"),
            ("a" * 4001, 4000, "at most 4000"),
        ],
    )
    def test_a_fault_is_told_with_its_place(self, text, position, words):
        with pytest.raises(QueryError) as refused:
            parse(text)
        assert refused.value.position == position
        assert words in refused.value.message
