"""One run of register: what is registered already, a confirmation, and each of the others in its turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rayfleet.anyscale import cloud as anyscale
from rayfleet.anyscale import registration
from rayfleet.anyscale.candidates import RegistrationTask, refuse_pending, refuse_without_primary
from rayfleet.anyscale.cloud import Cloud
from rayfleet.anyscale.command import Cli, CommandFault
from rayfleet.anyscale.registration import AGAIN, Candidate, Registration
from rayfleet.anyscale.report import as_json, exit_code, next_step, outcome_line
from rayfleet.console.printing import echo_stderr
from rayfleet.console.recorder import Recorder
from rayfleet.console.signals import INTERRUPTED, count_signals
from rayfleet.diagnostics import Diagnostic, Invalid, printable


def commands(task: RegistrationTask) -> dict[str, str]:
    """The commands that register a cloud that does not exist yet, by cluster. Raises Invalid where the primary
    cluster's is not rendered.
    """
    if task.rows[0].cluster == task.primary:
        refuse_pending(task.rows[0])
    return dict(registration.commands(task.cloud, task.rows, task.primary))


def register(task: RegistrationTask, recorder: Recorder, yes: bool, confirm: Callable[[str], bool] | None) -> int:
    """Registers; the exit code. Unless ``yes``, ``confirm`` asks somebody; it is None where nobody can be asked. Raises
    Invalid where nothing can be done at all.
    """
    try:
        cloud = anyscale.get(Cli(), task.cloud)
    except CommandFault as fault:
        raise Invalid([Diagnostic("anyscale", 0, 0, "", fault.what, fault.fix)]) from None
    known = {result.cluster: result for result in registration.registered_before(cloud, task.rows)}
    todo = [row for row in task.rows if row.cluster not in known and row.rendered is not None]
    for warning in refuse_without_primary(task, cloud):
        echo_stderr(str(warning))
    if todo and not yes and not _confirm(task, cloud, todo, confirm):
        echo_stderr("nothing was registered")
        return 1
    with count_signals("interrupted: waiting for the command that runs") as signals:
        for result in registration.register(Cli(heard=signals), task.cloud, cloud, todo, _report_start):
            known[result.cluster] = result
        for row in task.pending:
            known.setdefault(row.cluster, registration.pending_result(row))
        results = [known[row.cluster] for row in task.rows]
        code = _report(results, recorder, exit_code(results))
        return INTERRUPTED if signals() else code


def _confirm(
    task: RegistrationTask, cloud: Cloud | None, todo: Iterable[Candidate], confirm: Callable[[str], bool] | None
) -> bool:
    what = f"register {', '.join(row.cluster for row in todo)} with the cloud {task.cloud}"
    if confirm is None:
        raise Invalid([Diagnostic("anyscale", 0, 0, "", f"there is nobody to confirm: {what}", "run it with --yes")])
    return confirm(f"{what}{'' if cloud else ', which is made'}?")


def _report_start(row: Candidate) -> None:
    echo_stderr(f"registering {row.cluster} ...")


def _report(results: list[Registration], recorder: Recorder, code: int) -> int:
    """Tells what came of it; the exit code."""
    recorder.started, recorder.again = True, AGAIN
    recorder.answer = lambda outcome: [as_json(row) for row in results]
    for row in results:
        recorder.say(printable(outcome_line(row)))
        if row.what:
            recorder.note(f"{printable(f'{row.cluster}: {row.what}')}\n    fix: {printable(row.fix)}")
    if line := next_step(results):
        recorder.say(line)
    return recorder.end("registered", code)
