"""The first three stages on Apache Spark, for populations that no single machine holds: the same rings.

Data frames in place of arrays, rule by rule as in `search`; components by large-star and small-star (Kiveris and
others, Connected Components in MapReduce and Beyond, 2014). An account is named by its id, a ring by its smallest.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from apps.accounts.linkage import graph
from apps.accounts.linkage.evidence import FAMILY, HOWS, KINDS, STRONG, Evidence, Settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from apps.accounts.linkage.search import Search

ROUNDS = 8


def find(
    accounts: "DataFrame",
    edges: "DataFrame",
    settings: Settings | None = None,
    progress: Callable[[str], object] = lambda words: None,
) -> "DataFrame":
    """(account, ring) of everybody in a ring.

    accounts: account (ascending as the ids are), opened (days since 1970, null), trusted (bool).
    edges: account, kind (of KINDS), key (any type that tells values of a kind apart). Doubled edges count once.
    """
    progress("Values that may count")
    search = _Search(accounts, edges, settings or Settings())
    search.join(progress)
    return search.rings()


def join(search: "Search", progress: Callable[[str], object], *, session: "SparkSession") -> None:
    """The first three stages of a search of everybody, done on Spark in place of here: the same state afterwards."""
    if search.known is not None or search.evidence.stands_for is not None:
        raise ValueError("Only a search among all accounts can be done on Spark.")
    opened = np.full(search.accounts, np.nan) if search.evidence.opened is None else search.evidence.opened
    everybody = {"opened": pa.array(opened, from_pandas=True), "trusted": search.trusted.astype(bool)}
    accounts = pa.table({"account": np.arange(search.accounts)} | everybody)
    kind = pa.array(KINDS).take(pa.array(search.evidence.kind[search.value]))
    edges = pa.table({"account": search.holder.astype(np.int64), "kind": kind, "key": search.value.astype(np.int64)})
    there = _Search(session.createDataFrame(accounts), session.createDataFrame(edges), search.settings)
    there.join(progress, pa.table(dict(zip(("a", "b"), search.confirmed, strict=True))))
    search.core, search.label = _labelled(there.core, search.accounts), _labelled(there.label, search.accounts)
    search.forget(there.cards.toArrow()["key"].to_numpy())
    split = there.bridges.select("account", "key", "below", "near").toArrow()
    search.split += list(zip(*(column.to_pylist() for column in split.columns), strict=True))
    search.how[np.concatenate(search.confirmed)] = HOWS.index("confirmed")
    for rows in there.attached:
        search.how[rows.toArrow()["one"].to_numpy()] = HOWS.index("attached")


def _labelled(label: "DataFrame", accounts: int) -> np.ndarray:
    """int32[accounts]: who is in none of the usable edges is a component by itself."""
    rows, out = label.toArrow(), np.arange(accounts, dtype=np.int32)
    out[rows["account"].to_numpy()] = rows["label"].to_numpy()
    return out


class _Search:
    """Frames: `edges` (account, kind, key, trusted) that may count, `label` (account, label) of everybody in one.

    Of the way there: `core`, the labels after stage 1, `cards` (kind, key) that were stolen, `bridges` (account, kind,
    key, below, near) that were cut, and who was `attached` (one) in each round.
    """

    def __init__(self, accounts: "DataFrame", edges: "DataFrame", settings: Settings) -> None:
        from pyspark.sql import functions as f

        self.f, self.settings = f, settings
        self.accounts = accounts.persist()
        self.population = self.accounts.count()
        held = edges.distinct().join(accounts.select("account", "trusted"), "account")
        strong = f.col("kind").isin(*STRONG)
        total = held.groupBy("kind", "key").agg(
            f.count("*").alias("total"), f.max(f.col("trusted") & (f.col("kind") == "payment")).alias("stolen")
        )
        limit = f.when(strong, settings.hub).otherwise(max(settings.hub, self.population / 4))
        usable = total.where((f.col("total") > 1) & ~f.col("stolen") & (f.col("total") <= limit))
        self.all = self._keep(held.join(usable, ["kind", "key"]).drop("stolen"))
        self.edges = self.all.where(~f.col("trusted"))
        self.attached: list[DataFrame] = []

    def join(self, progress: Callable[[str], object], confirmed: pa.Table | None = None) -> None:
        """The stages one after the other; accounts `a` and `b` of `confirmed` are joined whatever the guards say."""
        progress("Shared cards, devices and keys")
        self._join_strong()
        self.core = self.label
        if confirmed is not None and confirmed.num_rows:
            self._confirm(self.accounts.sparkSession.createDataFrame(confirmed))
        progress("Rare values of several families")
        self._again(self._mergers, by="label")
        progress("Rare values of single accounts")
        self._again(self._attachments, by="account")

    def rings(self) -> "DataFrame":
        """(account, ring) of those in a component of the least size or more."""
        f = self.f
        size = self._sizes().where(f.col("size") >= self.settings.least)
        return self.label.join(size, "label").select("account", f.col("label").alias("ring"))

    # Stage 1

    def _join_strong(self) -> None:
        f, settings = self.f, self.settings
        strong = self.edges.where(f.col("kind").isin(*STRONG)).select("account", "kind", "key")
        self.label = self._components(strong)
        self.cards = self._keep(self._robbed(strong))
        self.edges = self._keep(self.edges.join(self.cards, ["kind", "key"], "left_anti"))
        strong = strong.join(self.cards, ["kind", "key"], "left_anti")
        large = self._sizes().where(f.col("size") >= 2 * settings.part).select("label")
        types = {field.name: field.dataType.simpleString() for field in strong.schema}
        self.bridges = self._keep(
            strong.join(self.label.join(large, "label"), "account")
            .groupBy("label")
            .applyInArrow(
                _bridges(settings.part), ", ".join(f"{n} {t}" for n, t in types.items()) + ", below long, near long"
            )
        )
        strong = strong.join(self.bridges, ["account", "kind", "key"], "left_anti")
        self.label = self._components(strong)

    def _confirm(self, pairs: "DataFrame") -> None:
        """Joins the components of accounts a and b; one that held nothing usable has none yet."""
        f = self.f
        named = pairs.select(f.explode(f.array("a", "b")).alias("account")).distinct()
        new = named.join(self.label, "account", "left_anti").select("account", f.col("account").alias("label"))
        self.label = self._keep(self.label.union(new))
        of_a = self.label.select(f.col("account").alias("a"), f.col("label").alias("one"))
        of_b = self.label.select(f.col("account").alias("b"), f.col("label").alias("other"))
        self.label = self._keep(self._renamed(pairs.join(of_a, "a").join(of_b, "b")))

    def _robbed(self, strong: "DataFrame") -> "DataFrame":
        """(kind, key) of cards of accounts far older than their component, that nothing but a card ties to it."""
        from pyspark.sql import Window

        f = self.f
        known = self.accounts.where(f.col("opened").isNotNull()).join(self.label, "account")
        order, whole = Window.partitionBy("label").orderBy("opened"), Window.partitionBy("label")
        ranked = known.select(
            "label", "opened", f.row_number().over(order).alias("n"), f.count("*").over(whole).alias("of")
        )
        middle = ranked.where(f.col("n") == f.floor(f.col("of") / 2) + 1).select(
            "label", f.col("opened").alias("middle")
        )
        card = f.col("kind") == "payment"
        old = known.join(middle, "label").where(f.col("opened") < f.col("middle") - self.settings.older_days)
        robbed = old.join(strong.where(~card), "account", "left_anti").select("account")
        return strong.where(card).join(robbed, "account").select("kind", "key").distinct()

    def _components(self, edges: "DataFrame") -> "DataFrame":
        """(account, label): the smallest account that each can reach over shared values."""
        from pyspark.sql import Window

        f = self.f
        star = edges.withColumn("first", f.min("account").over(Window.partitionBy("kind", "key")))
        pairs = star.where(f.col("account") > f.col("first")).select(
            f.col("account").alias("u"), f.col("first").alias("v")
        )
        return self._labels(self._stars(pairs.distinct()))

    def _stars(self, pairs: "DataFrame") -> "DataFrame":
        """(u, v): every node with the smallest of its component; `pairs` have u > v."""
        f = self.f
        before = None
        pairs = self._keep(pairs)
        while True:
            both = pairs.union(pairs.select(f.col("v").alias("u"), f.col("u").alias("v")))
            large = self._star(both, "v > u", "m < u")  # what is above a node, and it itself, to the least around it
            small = self._star(large, "v > m", "true")  # what is below a node, and it itself, to the least below it
            pairs = small.distinct().localCheckpoint(eager=False)
            now = pairs.agg(f.count("*"), f.sum(f.hash("u", "v").cast("long"))).first()
            if now == before:
                return pairs
            before = now

    def _star(self, pairs: "DataFrame", others: str, itself: str) -> "DataFrame":
        """(u, v) of the neighbours v of each node u that are meant, and of u, each with the least of them all, m.

        One shuffle: a window over what is distinct already, in place of joins with what was grouped.
        """
        from pyspark.sql import Window

        f = self.f
        around = pairs.repartition("u").distinct()
        least = around.withColumn("m", f.least("u", f.min("v").over(Window.partitionBy("u"))))
        moved = f"if({others}, struct(v AS u, m AS v), null), if({itself}, struct(u, m AS v), null)"
        return least.selectExpr(f"inline(filter(array({moved}), x -> x IS NOT NULL))")

    def _labels(self, stars: "DataFrame") -> "DataFrame":
        """(account, label) of every account of the usable edges."""
        f = self.f
        everybody = self.edges.select("account").distinct()
        named = everybody.join(stars.withColumnRenamed("u", "account"), "account", "left")
        return self._keep(named.select("account", f.coalesce("v", "account").alias("label")))

    # Stages 2 and 3

    def _again(self, pairs: Callable[[], "DataFrame"], by: str) -> None:
        """Joins what the pairs (one, other) name, until there are none."""
        for _ in range(ROUNDS):
            found = self._keep(pairs())
            if found.isEmpty():
                return
            if by == "account":  # a splinter goes where most of its accounts would go
                alone = self._sizes().where("size = 1").withColumnRenamed("label", "one")
                self.attached.append(self._keep(found.join(alone, "one").select("one")))
                votes = found.join(self.label, found.one == self.label.account).groupBy("label", "other").count()
                found = self._best(votes.withColumnRenamed("label", "one"), "one", "count")
            self.label = self._keep(self._renamed(found))

    def _renamed(self, found: "DataFrame") -> "DataFrame":
        """Labels after the pairs became one. Whole components are few: they are joined where this runs."""
        f = self.f
        rows = found.select("one", "other").toArrow()
        names, place = np.unique(np.concatenate([rows[c].to_numpy() for c in ("one", "other")]), return_inverse=True)
        label = np.arange(len(names))
        label = graph.join(label, place[: rows.num_rows], place[rows.num_rows :])
        new = pa.table({"label": names, "now": names[label]})
        moved = self.label.join(f.broadcast(self.accounts.sparkSession.createDataFrame(new)), "label", "left")
        return moved.select("account", f.coalesce("now", "label").alias("label"))

    def _sizes(self) -> "DataFrame":
        return self.label.groupBy("label").agg(self.f.count("*").alias("size"))

    def _homes(self) -> tuple["DataFrame", "DataFrame"]:
        """Of values that are one component's own (kind, key, home, members, concentrated), and labels with sizes."""
        f, settings = self.f, self.settings
        sizes = self._sizes()
        label = self._keep(self.label.join(sizes, "label"))
        suspect = label.where(f.col("size") >= settings.least)
        counts = (
            self.edges.join(suspect, "account")
            .groupBy("kind", "key", "total", "label", "size")
            .agg(f.count("*").alias("members"))
        )
        suspected = counts.groupBy("kind", "key").agg(f.sum("members").alias("suspected"))
        home = self._best(counts.withColumnRenamed("label", "other"), ["kind", "key"], "members", "size")
        background, settled = self._background(suspect)
        rows = home.join(suspected, ["kind", "key"]).join(background, ["kind", "key"], "left")
        rare = f.coalesce("outside", f.lit(0)) / max(1, settled) <= settings.rare
        held = f.col("kind").isin(*STRONG) | (
            (f.col("members") >= 3) & (f.col("members") / f.col("size") >= settings.held)
        )
        concentrated = (f.col("members") >= settings.concentrated * f.col("suspected")) & (
            f.col("members") >= settings.ours * f.col("total")
        )
        own = rows.where(rare & held).select(
            "kind", "key", f.col("other").alias("home"), "members", concentrated.alias("concentrated")
        )
        return own, label

    def _background(self, suspect: "DataFrame") -> tuple["DataFrame", int]:
        """((kind, key, outside): settled accounts outside suspected components that hold it, and all of them)."""
        f, settings = self.f, self.settings
        inside = suspect.select("account")
        days = self.accounts.join(inside, "account").where(f.col("opened").isNotNull()).select("opened").toArrow()
        outside = self.accounts.join(inside, "account", "left_anti")
        opened = np.sort(days["opened"].to_numpy())
        before = opened[int(len(opened) * settings.newest)] - settings.settled_days if len(opened) else -np.inf
        old = f.col("opened") < f.lit(float(before))
        counted = outside.agg(f.count(f.when(old, 1)).alias("old"), f.count("*").alias("all")).toArrow()
        settled = int(counted["old"][0].as_py())
        if settled >= self.population / 10:
            outside = outside.where(old)
        else:
            settled = int(counted["all"][0].as_py())
        held = (
            self.all.join(outside.select("account"), "account")
            .groupBy("kind", "key")
            .agg(f.count("*").alias("outside"))
        )
        return held, settled

    def _mergers(self) -> "DataFrame":
        f, settings = self.f, self.settings
        own, label = self._homes()
        family = f.create_map(*(f.lit(x) for pair in FAMILY.items() for x in pair))
        rows = self.edges.join(own, ["kind", "key"]).join(label, "account")
        rows = rows.where((f.col("label") != f.col("home")) & (f.col("size") > 1))
        pairs = rows.groupBy("label", "home", "size").agg(
            f.countDistinct(family[f.col("kind")]).alias("families"),
            f.countDistinct("account").alias("supporters"),
            f.max("members").alias("there"),
        )
        enough = (
            (f.col("families") >= settings.families)
            & (f.col("supporters") >= f.greatest(f.lit(2.0), settings.held * f.col("size")))
            & (f.col("supporters") + f.col("there") >= settings.supporters)
        )
        named = pairs.where(enough).withColumnsRenamed({"label": "one", "home": "other"})
        return self._best(named, "one", "families", "supporters").select("one", "other")

    def _attachments(self) -> "DataFrame":
        f, settings = self.f, self.settings
        own, label = self._homes()
        free = label.where(f.col("size") < settings.least).select("account")
        rows = self.edges.join(own.where("concentrated"), ["kind", "key"]).join(free, "account")
        pairs = rows.groupBy("account", "home").agg(
            f.countDistinct("kind").alias("kinds"), f.count("*").alias("values")
        )
        named = pairs.where(f.col("kinds") >= settings.kinds).withColumnsRenamed({"account": "one", "home": "other"})
        return self._best(named, "one", "kinds", "values").select("one", "other")

    def _best(self, rows: "DataFrame", of: str | list[str], *most: str) -> "DataFrame":
        """For everybody the row with most, of equals the one with the smaller `other`."""
        from pyspark.sql import Window

        f = self.f
        order = Window.partitionBy(of).orderBy(*(f.desc(name) for name in most), "other")
        return rows.withColumn("rank", f.row_number().over(order)).where("rank = 1").drop("rank")

    def _keep(self, rows: "DataFrame") -> "DataFrame":
        """Computes it once and forgets how, since plans that grow with every round take longer than the work."""
        return rows.localCheckpoint()


def _bridges(part: int) -> "Callable[[pa.Table], pa.Table]":
    """Of the edges of one component those to be cut, by the embedded engine's own function."""

    def of(rows: pa.Table) -> pa.Table:
        names, holder = np.unique(rows["account"].to_numpy(), return_inverse=True)
        kinds = np.unique(rows["kind"].to_numpy(), return_inverse=True)[1]
        keys, key = np.unique(rows["key"].to_numpy(), return_inverse=True)
        one = np.zeros(len(names), np.int64)
        cut = graph.bridges(one, holder, kinds * len(keys) + key, one + 1, part)
        row, below, near = (pa.array([number[i] for number in cut], pa.int64()) for i in range(3))
        taken = rows.select(["account", "kind", "key"]).take(row)
        return taken.append_column("below", below).append_column("near", near)

    return of


def tables(evidence: Evidence) -> tuple[pa.Table, pa.Table]:
    """(accounts, edges) of evidence in arrays, with the columns that `find` takes."""
    names = pa.array([bytes(row).hex() for row in evidence.accounts], pa.string())
    opened = np.full(len(names), np.nan) if evidence.opened is None else evidence.opened
    trusted = np.zeros(len(names), bool) if evidence.trusted is None else evidence.trusted
    accounts = pa.table({"account": names, "opened": pa.array(opened, from_pandas=True), "trusted": trusted})
    kind = pa.array(KINDS).take(pa.array(evidence.kind[evidence.value]))
    key = evidence.key[evidence.value].view(np.int64)
    return accounts, pa.table({"account": names.take(pa.array(evidence.holder)), "kind": kind, "key": key})
