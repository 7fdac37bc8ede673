"""One deployment, from the first look at it to its end: adopted where it is in flight, never started twice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import count

from rayfleet.azure.deployment_state import Operation, State
from rayfleet.azure.faults import Fault, Problem, StopRequest
from rayfleet.deploy.outcome import DeploymentClient, End, StepEvent, StepOutcome, StepProgress
from rayfleet.tree.deployment_steps import DeploymentStep

_STARTS = 3  # of one deployment, whose resources failed for a reason that passes
_LOOKS = 5  # before what is not there counts as not there: ARM's regions learn of a new deployment one after another
# ARM's words for it, and a conflict that does not say which.
_ACTIVE = frozenset({"DeploymentActive", "DeploymentStackInNonTerminalState", "Http409"})
_LOST_SIGHT = 1800.0  # seconds without any look that went well
_LONGEST = 6 * 3600.0  # seconds; a region with its clusters takes less than one hour


class _LostDeployment(Exception):
    def __init__(self, fault: Fault) -> None:
        self.fault = fault


class StepRun:
    """One step carried out, from the first look at it to its end."""

    def __init__(
        self, azure: DeploymentClient, step: DeploymentStep, report: Callable[[StepProgress], None], watch: bool = False
    ) -> None:
        """``watch``: the operations are reported as well, at the cost of a request at each look."""
        self._azure = azure
        self._patience = azure.patience
        self._step = step
        self._report = report
        self._watch = watch
        self._began = azure.patience.clock()
        self._state: State | None = None
        self._in_flight = False  # as far as is known
        self._adopted = False
        self._starts = 0
        self._hash = ""  # of our template, once it is asked for

    def outcome(self) -> StepOutcome:
        """Carries it out."""
        try:
            outcome = self._carry_out()
        except StopRequest:
            outcome = self._outcome("left running" if self._in_flight else "skipped")
        except _LostDeployment as lost:
            outcome = self._outcome("left running", lost.fault)
        except Fault as fault:
            outcome = self._outcome("failed", fault)
        self._report_event("ended", outcome=outcome)
        return outcome

    def _carry_out(self) -> StepOutcome:
        step, patience = self._step, self._patience
        patience.pause(0)  # raises StopRequest
        if step.missing:
            raise Fault("ParameterMissing", f"there is no value for {', '.join(step.missing)}")
        before = self._azure.state(step)
        if before is not None and not before.ended:
            before, fits = self._join(before, own=False)
            if fits and (outcome := self._result(before)):
                return outcome
            self._adopted = False
        while True:
            ended = self._wait_for_end(self._start(before))
            if outcome := self._result(ended):
                return outcome
            before, self._adopted = ended, False

    # --- starting ---

    def _join(self, state: State, own: bool) -> tuple[State, bool]:
        """One that no answer told us of, at its end; and whether it did what ours would. ``own``: this run has sent
        it, as far as can be known.
        """
        self._state, self._in_flight, self._adopted = state, True, False
        same = self._is_our_template(state)
        why = _ANOTHER if same is False else _UNKNOWN if same is None else "" if own else self._outdated_reason()
        if why:
            self._report_event("waiting", words=why)
        else:
            self._record_start(own)
        ended = self._wait_for_end(state)
        # What is under the name in the end may be another one, or be known only now.
        fits = self._is_our_template(ended) is True and (own or not self._outdated_reason())
        if fits and why:
            self._record_start(own)
        return ended, fits

    def _is_our_template(self, state: State) -> bool | None:
        """True where it is of our template; None where Azure does not say."""
        if not state.template_hash:
            return None
        try:
            self._hash = self._hash or self._azure.template_hash(self._step)
        except Fault:
            return None
        return self._hash == state.template_hash if self._hash else None

    def _outdated_reason(self) -> str:
        """The reason why a deployment of our template that another run started is not enough; empty where it is:
        nobody sees the parameters of a deployment, and a credential that was renewed is to arrive."""
        names = ", ".join(self._step.needs)
        return f"was started with earlier {names}; it is started again after it ends" if names else ""

    def _record_start(self, own: bool) -> None:
        self._adopted = not own
        if own:
            self._starts += 1
        self._report_event("adopted" if self._adopted else "started" if self._starts == 1 else "again")

    def _start(self, before: State | None) -> State:
        """Starts it, once. What was not heard is looked for before it is sent again. Raises Fault."""
        began, patience = self._patience.clock(), self._patience
        unheard = False
        for tries in count(1):
            patience.pause(0)
            self._in_flight = True
            try:
                return self._accept_start(self._azure.begin(self._step))
            except Fault as fault:
                unheard = unheard or fault.unheard
                if found := self._find_started(fault, before):
                    # Of one with parameters only what was sent just now is known to have ours.
                    before, fits = self._join(found, fault.unheard if self._step.needs else unheard)
                    if fits:
                        return before
                    began = patience.clock()  # the time of others is not ours
                self._in_flight = False
                waited, anyway = patience.clock() - began, self._may_pass(fault, tries)
                wait = patience.next_wait(fault, tries, waited, anyway)
                self._report_event("waiting", words=f"{fault.code}, tried again in {wait:.0f} s")
                patience.pause(wait)
        raise AssertionError  # count() has no end

    def _accept_start(self, state: State) -> State:
        self._state = state
        self._record_start(own=True)
        return state

    def _find_started(self, fault: Fault, before: State | None) -> State | None:
        """The deployment that a PUT without an answer has started after all, or that is why one was refused."""
        if not fault.unheard and fault.code not in _ACTIVE:
            return None
        for look in range(_LOOKS):
            self._patience.pause(2.0 ** (look - 1) if look else 0)
            try:
                found = self._azure.state(self._step)
            except Fault as unseen:
                words = (
                    f"whether {self._step.name} was started is not known ({fault.code}); the next run finds it if so"
                )
                raise _LostDeployment(unseen.with_words(words)) from None
            # An end that was not there before may be that of our own: _join() tells.
            if found is not None and (not found.ended or _run_identity(found) != _run_identity(before)):
                return found
        return None

    def _may_pass(self, fault: Fault, tries: int) -> bool:
        """True where a start may get past it: the other operation has ended, or a new group is not known everywhere
        yet."""
        young = fault.code == "ResourceGroupNotFound" and bool(self._step.depends_on) and tries < _LOOKS
        return young or fault.code in _ACTIVE

    # --- to the end ---

    def _wait_for_end(self, state: State) -> State:
        """The state in which it ends. Raises _LostDeployment where that cannot be seen."""
        began = seen = self._patience.clock()
        gone = 0
        while not state.ended:
            self._patience.pause(self._azure.poll)
            now = self._patience.clock()
            if now - began > _LONGEST:
                words = f"it has been {state.status} for {_LONGEST / 3600:.0f} h; the next run continues"
                raise _LostDeployment(Fault("DeploymentWithoutEnd", words))
            try:
                found = self._azure.state(self._step)
            except Fault as fault:
                if fault.passing and now - seen < _LOST_SIGHT:
                    self._report_event("waiting", words=fault.code)
                    continue
                raise _LostDeployment(fault.with_words("it continues in Azure; the next run finds it")) from None
            if found is None:
                gone += 1
                if gone >= _LOOKS:
                    raise Fault("DeploymentVanished", "it was started, and is gone: someone deleted it or its group")
                continue
            gone, seen, state, self._state = 0, now, found, found
            self._report_event("working", operations=self._operations() if self._watch else ())
        self._in_flight = False
        return state

    def _result(self, state: State) -> StepOutcome | None:
        """The outcome; None where it is worth another start."""
        if state.succeeded:
            return self._outcome("succeeded", lacks=self._missing_outputs(state))
        if state.status != "Failed":
            words = "it was cancelled in Azure" if state.status == "Canceled" else f"it ended as {state.status}"
            fault = Fault(f"Deployment{state.status}", f"{words}, not by this run{_correlation(state)}")
            return self._outcome("failed", fault)
        failed = tuple(row for row in self._operations() if row.status == "Failed")
        problems = [row.error for row in failed if row.error] or [state.error or _unexplained_problem(state)]
        if self._starts < _STARTS and all(problem.passing for problem in problems):
            self._report_event("waiting", words=f"failed with {next(problems[0].innermost()).code}, started again")
            with suppress(StopRequest):  # then it has failed
                self._patience.pause(self._azure.poll * 2.0 ** (self._starts + 1))
                return None
        whole = state.error or problems[0]
        return self._outcome("failed", Fault(whole.code, whole.message, None, None, whole.details), failed)

    def _missing_outputs(self, state: State) -> tuple[str, ...]:
        """The outputs that do not come, not even a moment later."""
        for _ in range(_LOOKS):
            lacks = tuple(name for name in self._step.outputs if name not in state.outputs)
            if not lacks:
                return ()
            try:
                self._patience.pause(1.0)
                state = self._azure.state(self._step) or state
            except (Fault, StopRequest):  # it succeeded all the same
                return lacks
            self._state = state
        return lacks

    def _operations(self) -> tuple[Operation, ...]:
        try:
            return tuple(self._azure.operations(self._step))
        except (Fault, StopRequest):
            return ()  # what is known of the deployment itself is told anyway

    # --- reporting ---

    def _outcome(
        self,
        end: End,
        fault: Fault | None = None,
        operations: tuple[Operation, ...] = (),
        lacks: tuple[str, ...] = (),
    ) -> StepOutcome:
        return StepOutcome(
            self._step, end, self._state, fault, operations, "", self._adopted, self._starts, lacks, self._seconds()
        )

    def _report_event(
        self,
        event: StepEvent,
        words: str = "",
        operations: tuple[Operation, ...] = (),
        outcome: StepOutcome | None = None,
    ) -> None:
        self._report(StepProgress(self._step, event, self._state, words, operations, outcome, self._seconds()))

    def _seconds(self) -> float:
        return self._patience.clock() - self._began


_ANOTHER = "a deployment of another template runs under this name"
_UNKNOWN = "a deployment runs under this name, and Azure does not say of which template"


def _unexplained_problem(state: State) -> Problem:
    return Problem("DeploymentFailed", f"Azure does not say why{_correlation(state)}")


def _correlation(state: State) -> str:
    """By what Azure's activity log knows it."""
    return f"; its correlation ID is {state.correlation_id}" if state.correlation_id else ""


def _run_identity(state: State | None) -> tuple[str, str] | None:
    """The marks by which one run of a deployment is told from the next."""
    return (state.correlation_id, state.timestamp) if state else None
