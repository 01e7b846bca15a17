"""The fault kinds of the soak: what breaks, and what buyer, leader and operator may notice. `docs/resiliency.md` is made of this table."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WAIT = "Presses again or waits a moment; the app repeats the same key by itself, so nothing is bought twice."
NOTHING = "Nothing."
LATER = "Payment is shown a few seconds later."


@dataclass(frozen=True, slots=True)
class Kind:
    """`group` names the dependency; `sqlite` says whether the kind exists on the embedded default too."""

    name: str
    group: str
    failure: str
    buyer: str
    leader: str = NOTHING
    operator: str = NOTHING
    sqlite: bool = False


KINDS: tuple[Kind, ...] = (
    # Processes
    Kind("web_killed", "web process", "kill -9 of a whole web process", WAIT, "As the buyer.", "A restart in the log.", True),
    Kind("web_child_killed", "web process", "kill -9 of the serving child", WAIT, "As the buyer.", "A restart in the log.", True),
    Kind("web_paused", "web process", "stands still for seconds (SIGSTOP)", "Answers come late.", "As the buyer.", sqlite=True),
    Kind("rolling_restart", "web and worker", "SIGTERM of each in turn, as at an upgrade", NOTHING, sqlite=True),
    Kind("worker_killed", "worker", "kill -9 of every worker", LATER, "Messages come a little later.", "A restart in the log.", True),
    Kind("worker_paused", "worker", "stands still for seconds", LATER, "Messages come a little later.", sqlite=True),
    Kind("crash_web", "web process", "dies at a named crash point", WAIT, "As the buyer.", "A restart in the log.", True),
    Kind("crash_worker", "worker", "dies at a named crash point", LATER, "Messages come a little later; an outside message may come twice.", "A restart in the log.", True),
    Kind("all_killed", "the machine", "kill -9 of web, worker and database at one instant", WAIT, "As the buyer.", "All parts start again.", True),
    Kind("memory_squeezed", "worker", "may take no more memory", LATER, "Messages come a little later.", "Failed tasks in the log.", True),
    # Database
    Kind("pg_backend_killed", "PostgreSQL", "kill -9 of one backend; the server throws everybody out and recovers", WAIT, "As the buyer.", "503s for a second or two."),
    Kind("pg_killed", "PostgreSQL", "kill -9 of the whole server, started again on the same data", WAIT, "As the buyer.", "`/readyz` says no until it is back."),
    Kind("pg_restarted", "PostgreSQL", "fast stop and start, as at an upgrade", WAIT, "As the buyer.", "`/readyz` says no until it is back."),
    Kind("pg_terminated", "PostgreSQL", "all connections ended, again and again", WAIT, "As the buyer."),
    Kind("pg_paused", "PostgreSQL", "every process stands still for seconds", "Answers come late.", "As the buyer."),
    Kind("pg_full", "PostgreSQL", "strangers take every free connection", WAIT, "As the buyer.", "503s while it lasts."),
    Kind("pg_row_locked", "PostgreSQL", "a forgotten session holds the hot stock row", "The hot offer answers late or asks to try again.", "As the buyer.", "lock_timeout in the log."),
    Kind("db_slow", "link to PostgreSQL", "each statement 20 ms later", "Answers come late.", "As the buyer."),
    Kind("db_jitter", "link to PostgreSQL", "each statement 0–60 ms later", "Answers come late.", "As the buyer."),
    Kind("db_reset", "link to PostgreSQL", "connections reset, again and again", WAIT, "As the buyer."),
    Kind("db_refused", "link to PostgreSQL", "no connection can be made", WAIT, "As the buyer.", "`/readyz` says no."),
    Kind("db_black_hole", "link to PostgreSQL", "packets vanish, nothing is closed", "Answers wait, then come or ask to try again.", "As the buyer."),
    Kind("db_cut", "link to PostgreSQL", "connections cut in the middle of an answer", WAIT, "As the buyer."),
    Kind("commit_lost", "link to PostgreSQL", "COMMIT is done, its answer never comes", "“Not sure it worked”, pressed again: the one order there is.", "As the buyer."),
    # Provider
    Kind("psp_away", "WeChat Pay", "does not answer (process killed)", "“WeChat Pay does not answer, your order is kept”.", "Refunds take longer.", "Warnings in the log.", True),
    Kind("psp_slow", "link to WeChat Pay", "every answer seconds late", "Paying takes longer; ordering does not.", "Refunds take longer.", sqlite=True),
    Kind("psp_reset", "link to WeChat Pay", "connections reset", "Paying asks to try again, under the same number.", "Refunds take longer.", sqlite=True),
    Kind("psp_black_hole", "link to WeChat Pay", "packets vanish", "Paying asks to try again; ordering goes on.", "Refunds take longer.", sqlite=True),
    Kind("psp_cut", "link to WeChat Pay", "answers cut in the middle", "Paying asks to try again, under the same number.", "Refunds take longer.", sqlite=True),
    Kind("answer_system_error", "WeChat Pay", "SYSTEM_ERROR although the work is done", "Paying asks to try again, under the same number.", sqlite=True),
    Kind("answer_system_error_before", "WeChat Pay", "SYSTEM_ERROR, nothing done", "Paying asks to try again.", sqlite=True),
    Kind("answer_garbage", "WeChat Pay", "an unsigned 200 that is not JSON", "Paying asks to try again.", sqlite=True),
    Kind("answer_unsigned", "WeChat Pay", "right answers without a signature", "Paying asks to try again.", sqlite=True),
    Kind("answer_bad_signature", "WeChat Pay", "right answers, badly signed", "Paying asks to try again.", operator="Warnings in the log.", sqlite=True),
    Kind("rate_limited", "WeChat Pay", "429 FREQUENCY_LIMITED", "Paying asks to try again.", sqlite=True),
    Kind("notice_duplicate", "WeChat Pay", "each notice comes twice", NOTHING, sqlite=True),
    Kind("notice_parallel", "WeChat Pay", "two copies arrive at one moment", NOTHING, sqlite=True),
    Kind("notice_none", "WeChat Pay", "notices never come", "Paid on the way back or at the next question.", "The bell rings later.", sqlite=True),
    Kind("notice_delayed", "WeChat Pay", "notices come late and out of order", "Paid on the way back or later.", "The bell rings later.", sqlite=True),
    Kind("notice_bad_signature", "WeChat Pay", "notices are badly signed", "Paid on the way back or at the next question.", "The bell rings later.", "A security event for each.", True),
    Kind("notice_wrong_amount", "WeChat Pay", "notices name another amount", "Paid on the way back or at the next question.", "The bell rings later.", "Unmatched notices to look at.", True),
    Kind("paid_before_close", "WeChat Pay", "the buyer pays in the instant of the close", "Paid, or refunded by itself.", sqlite=True),
    Kind("refund_slow", "WeChat Pay", "refunds take long", "“Refund under way” for longer.", "As the buyer.", sqlite=True),
    Kind("provider_clock", "WeChat Pay", "its clock is two minutes ahead, then behind", "In the last minutes of an order paying may be refused; the order is kept.", sqlite=True),
    # Messages
    Kind("messages_down", "robot, mail, SMS, WeChat", "refused or limited for a while", NOTHING, "Outside messages come later; the app's own come at once.", "Tries and reasons in the delivery log.", True),
    # Clients
    Kind("front_slow", "clients' network", "every request 200 ms later", "Answers come late.", "As the buyer.", sqlite=True),
    Kind("front_reset", "clients' network", "connections reset, again and again", WAIT, "As the buyer.", sqlite=True),
    Kind("front_black_hole", "clients' network", "packets vanish", WAIT, "As the buyer.", sqlite=True),
    Kind("front_cut", "clients' network", "answers cut in the middle", WAIT, "As the buyer.", sqlite=True),
    Kind("slow_clients", "clients' network", "300 clients that never finish their request", NOTHING, sqlite=True),
    Kind("junk_flood", "clients", "oversized and malformed bodies as fast as they go", NOTHING, sqlite=True),
    Kind("rush", "clients", "300 buyers press at one instant for one offer", "Placed or sold out, at once.", sqlite=True),
    # Disks and upkeep
    Kind("media_gone", "media folder", "cannot be written", "“Pictures can't be kept at the moment”; ordering and paying go on.", "As the buyer.", "Errors in the log.", True),
    Kind("log_full", "log", "the log device is full", NOTHING, operator="No log lines for that time.", sqlite=True),
    Kind("migrate_again", "upkeep", "`yantuan migrate` once more under load", NOTHING, sqlite=True),
    Kind("backup_under_load", "upkeep", "`yantuan backup` under load; restored and checked at the end", NOTHING, operator="A sound archive.", sqlite=True),
    Kind("check_under_load", "upkeep", "`yantuan check` under load", NOTHING, operator="A clean report.", sqlite=True),
)  # fmt: skip


LONG = frozenset({"migrate_again", "backup_under_load", "check_under_load", "rolling_restart", "log_full", "crash_web", "crash_worker"})  # fmt: skip
"""Kinds that take many seconds by themselves. While one is under way the provider's come and go: two faults at once."""


def of_provider(kind: Kind) -> bool:
    """Whether it may come beside a long one: it touches nothing but what the provider says, or the way there."""
    return kind.group.endswith("WeChat Pay") and kind.name != "psp_away"


def windows(wanted: Sequence[Kind], seed: int) -> list[tuple[Kind, ...]]:
    """What is brought about, window by window, in the order of the seed: one kind each, or a long one and one of the provider.

    A long one that is not over yet takes further ones of the provider from behind it.
    """
    chance = random.Random(f"order/{seed}")
    provider = [kind for kind in wanted if of_provider(kind)]
    chance.shuffle(provider)
    pairs = list(zip([kind for kind in wanted if kind.name in LONG], provider, strict=False))
    paired = {kind for pair in pairs for kind in pair}
    found: list[tuple[Kind, ...]] = [*((kind,) for kind in wanted if kind not in paired), *pairs]
    chance.shuffle(found)
    return found


def companions(rest: list[tuple[Kind, ...]]) -> Iterator[str]:
    """The provider's kinds that were still to come alone in `rest`, from its end; each that is given is taken out."""
    while found := next(
        (window for window in reversed(rest) if len(window) == 1 and of_provider(window[0])), None
    ):
        rest.remove(found)
        yield found[0].name


def named(words: Sequence[str]) -> list[tuple[Kind, ...]]:
    """Windows as somebody wrote them: `web_killed` or `web_killed+notice_none`. Raises KeyError with a name that is none."""
    kinds = {kind.name: kind for kind in KINDS}
    return [tuple(kinds[name] for name in word.split("+")) for word in words]


def matrix() -> str:
    """The text of docs/resiliency.md."""
    lines = [
        "# What people notice when something breaks",
        "",
        "Made from `soak/kinds.py` by `python -m soak --matrix`; `make soak` brings about every row of it against running",
        "processes and checks afterwards that nothing acknowledged was lost, nothing was bought, paid or refunded twice, and both",
        "books of money agree. In no row is money or stock wrong; a person who got no answer may press again.",
        "",
        "| fault | what breaks | how | the buyer | the leader | the operator | SQLite too |",
        "|---|---|---|---|---|---|---|",
    ]
    for kind in KINDS:
        cells = (f"`{kind.name}`", kind.group, kind.failure, kind.buyer, kind.leader, kind.operator)
        lines.append(f"| {' | '.join(cells)} | {'yes' if kind.sqlite else 'no'} |")
    lines += [
        "",
        "Rules behind the table:",
        "",
        "- The only 5xx is 503 with `Retry-After`: the same call with the same `Idempotency-Key` may be made again.",
        "- An order, a payment attempt and a refund each have a number of their own, written before anybody outside hears of",
        "  it and kept through all repeats; an unknown end is asked about, never repeated under a new number.",
        "- Work after a commit is a row of that commit, done at least once by whichever worker is alive; effects are unique in",
        "  the database. Outside messages are the one thing that may come twice: robots and mail cannot be asked.",
        "",
    ]
    return "\n".join(lines)
