"""Tools that answer one question about a program, without a session."""

from __future__ import annotations

from typing import Annotated, Literal

from mcp.server.mcpserver import MCPServer
from mcp_types import CallToolResult
from pydantic import Field

from foreframe.client import Client
from foreframe.errors import BadArguments
from foreframe.mcp.parameters import (
    EXECUTES,
    LOOKS,
    Args,
    Ctx,
    File,
    Function,
    MaxFrames,
    Progress,
    Source,
    TraceLines,
    call_name,
    program,
    told,
)
from foreframe.mcp.told import (
    CallTold,
    CompareTold,
    FillTold,
    InputsTold,
    TracesTold,
    call_told,
    compare_told,
    fill_told,
    inputs_told,
    traces_told,
)
from foreframe.mcp.words import (
    NOT_EXECUTED,
    WORKED_OUT,
    call_text,
    compare_text,
    fill_text,
    inputs_text,
    percent,
    traces_text,
)
from foreframe_protocol.api import (
    CompareRequest,
    EvaluateRequest,
    ExplainRequest,
    Explanation,
    FillRequest,
    HaltingView,
    Health,
    InputsRequest,
    PredictRequest,
    RunRequest,
)
from foreframe_protocol.states import Action

SessionOr = Annotated[
    str, Field(description="ask about a session, from where it stands, and no program")
]


class ProgramTools:
    """What can be asked about a program."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def add_to(self, server: MCPServer, *, allows_run: bool) -> None:
        """`allows_run`: offers also what executes programs."""
        for look in (
            self.predict_call,
            self.guess_inputs,
            self.fill_holes,
            self.does_it_end,
            self.explain,
            self.compare_traces,
            self.about,
        ):
            server.add_tool(look, annotations=LOOKS)
        if allows_run:
            server.add_tool(self.compare, annotations=EXECUTES)

    async def predict_call(
        self,
        ctx: Ctx,
        source: Source = "",
        file: File = "",
        function: Function = "",
        args: Args = "",
        max_frames: MaxFrames = 1000,
        trace_lines: TraceLines = 40,
    ) -> Annotated[CallToolResult, CallTold]:
        """Predict what a call returns or raises, and by which lines, WITHOUT running it.

        A model's guess with confidences, not a fact: use it where running is impossible, costly or
        dangerous, or to see quickly what code probably does.
        """
        fields = program(source, file, function, args, max_frames)
        asked = PredictRequest(**fields, action=Action.RUN_TO)
        step = await self._client.predict(asked, on_news=Progress(ctx).news)
        answer = call_told(step, trace_lines)
        return told(answer, call_text(answer, call_name(file, function, args)))

    async def guess_inputs(
        self,
        ctx: Ctx,
        function: Function,
        source: Source = "",
        file: File = "",
        returned: Annotated[str, Field(description="a literal that it is to return")] = "",
        raised: Annotated[
            str, Field(description="an exception: \"KeyError: 'a'\", or a class alone")
        ] = "",
        reached: Annotated[int | None, Field(ge=1, description="a line to be reached")] = None,
        guesses: Annotated[int, Field(ge=1, le=32)] = 4,
        max_frames: MaxFrames = 1000,
    ) -> Annotated[CallToolResult, InputsTold]:
        """Guess arguments that make a function return a value, raise an exception or reach a line.

        Each guess is verified by predicting forward from it; nothing is executed.
        """
        asked = InputsRequest(
            **program(source, file, function, "", max_frames),
            returned=returned or None,
            raised=raised or None,
            reached=reached,
            guesses=guesses,
        )
        answer = inputs_told(await self._client.inputs(asked, on_news=Progress(ctx).news))
        outcome = returned or raised or f"line {reached}"
        return told(answer, inputs_text(answer, outcome))

    async def fill_holes(
        self,
        ctx: Ctx,
        source: Annotated[str, Field(description="Python with ?? where something is missing")],
        line: Annotated[int | None, Field(ge=1, description="only the holes of this line")] = None,
        function: Annotated[str, Field(description="only those of this function")] = "",
        examples: Annotated[
            list[str],
            Field(description='what is wanted, as ["f(1) -> 2"], besides the source\'s own'),
        ] = [],  # noqa: B006
        candidates: Annotated[int, Field(ge=1, le=100, description="to be tried")] = 24,
        show: Annotated[int, Field(ge=1, le=100, description="of them to tell")] = 5,
        run: Annotated[
            bool, Field(description="EXECUTE the examples too; only if it is allowed")
        ] = False,
    ) -> Annotated[CallToolResult, FillTold]:
        """Fill the ?? holes of a program so that its examples (doctests, asserts, comments
        `# f(1) -> 2`) come out right, as far as that can be predicted."""
        asked = FillRequest(
            source=source,
            line=line,
            function=function or None,
            examples=examples,
            candidates=candidates,
            runs=run,
        )
        answer = fill_told(await self._client.fill(asked, on_news=Progress(ctx).news), show)
        return told(answer, fill_text(answer))

    async def does_it_end(
        self,
        ctx: Ctx,
        session: SessionOr = "",
        source: Source = "",
        file: File = "",
        function: Function = "",
        args: Args = "",
        max_frames: MaxFrames = 1000,
    ) -> Annotated[CallToolResult, HaltingView]:
        """Does a run end, repeat itself for ever, or grow without bound? Worked out from the call's
        literals where rules can tell, else told from predicted frames; "unknown" is an answer too.
        """
        only_one(session, source, file)
        if session:
            answer = await (await self._client.find_session(session)).halts()
        else:
            asked = RunRequest(**program(source, file, function, args, max_frames))
            answer = await self._client.halts(asked, on_news=Progress(ctx).news)
        sure = "" if answer.confidence is None else f" Confidence {percent(answer.confidence)}."
        basis = WORKED_OUT if answer.basis == "worked out" else NOT_EXECUTED
        return told(answer, f"{answer.answer}: {answer.text}{sure}\n{basis}")

    async def explain(
        self,
        ctx: Ctx,
        session: SessionOr = "",
        source: Source = "",
        file: File = "",
        function: Function = "",
        args: Args = "",
        detail: Annotated[
            Literal["steps", "changes", "calls"] | None,
            Field(description="how much is told; chosen by the length if not given"),
        ] = None,
        max_frames: MaxFrames = 1000,
    ) -> Annotated[CallToolResult, Explanation]:
        """Tell a predicted run in plain sentences, made by rules from its frames."""
        only_one(session, source, file)
        if session:
            answer = await (await self._client.find_session(session)).explain(detail)
        else:
            fields = program(source, file, function, args, max_frames)
            asked = ExplainRequest(**fields, detail=detail)
            answer = await self._client.explain(asked, on_news=Progress(ctx).news)
        return told(answer, f"{answer.text}\n{NOT_EXECUTED}")

    async def compare(
        self,
        ctx: Ctx,
        source: Source = "",
        file: File = "",
        function: Function = "",
        args: Args = "",
        max_frames: MaxFrames = 1000,
        differences: Annotated[int, Field(ge=0, le=200, description="of them to tell")] = 10,
    ) -> Annotated[CallToolResult, CompareTold]:
        """EXECUTE a program once, in a limited process, and hold its prediction against it, frame
        by frame: how far the model can be trusted on this code."""
        asked = CompareRequest(**program(source, file, function, args, max_frames))
        found = await self._client.compare(asked, on_news=Progress(ctx).news)
        answer = compare_told(found, differences)
        return told(answer, compare_text(answer))

    async def compare_traces(
        self,
        predicted: Annotated[str, Field(description="a trace in the text format of Meta's CWM")],
        real: Annotated[str, Field(description="the real trace, in the same format")],
        differences: Annotated[int, Field(ge=0, le=200, description="of them to tell")] = 10,
    ) -> Annotated[CallToolResult, TracesTold]:
        """Hold a predicted execution trace against the real one, frame by frame; runs nothing."""
        asked = EvaluateRequest.model_validate({"predicted": predicted, "real": real})
        answer = traces_told(await self._client.evaluate(asked), differences)
        return told(answer, traces_text(answer))

    async def about(self) -> Annotated[CallToolResult, Health]:
        """Which model predicts, whether it answers, and what is allowed here."""
        health = await self._client.health()
        state = "answers" if health.ok else f"does not answer: {health.detail}"
        runs = "may be executed by compare" if health.allows_run else "are never executed"
        text = (
            f"engine {health.engine} ({health.model or 'not asked yet'}) {state}; programs {runs}"
        )
        return told(health, text)


def only_one(session: str, source: str, file: str) -> None:
    """Raises BadArguments for a session and a program at once."""
    if session and (source or file):
        raise BadArguments("give either `session` or a program (`source` or `file`)")
