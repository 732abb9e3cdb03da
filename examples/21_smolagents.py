"""An agent of smolagents presses buttons; a script stands for its language model."""

from pathlib import Path

from smolagents import ChatMessage, LogLevel, Model, ToolCallingAgent

from molmo_point_adapters.agents.screen_tools import ScreenTools
from molmo_point_adapters.agents.smolagents_tools import smolagents_tools
from molmo_point_adapters.clicking.open_screen import ScreenChoice, open_screen
from molmo_point_adapters.screen.policy import Policy

PAGE = Path(__file__).parent / "panel.html"
PLAN = [
    ("count", {"query": "circles"}),
    ("click", {"target": "blue square"}),
    ("final_answer", {"answer": "The lamp is on."}),
]


class Script(Model):
    """Says what a language model would say: swap in `InferenceClientModel()` and the like."""

    def generate(self, messages, **options):
        """The next call of the plan."""
        name, arguments = PLAN.pop(0)
        call = {"id": name, "type": "function", "function": {"name": name, "arguments": arguments}}
        return ChatMessage.from_dict({"role": "assistant", "tool_calls": [call]})


def main() -> None:
    with open_screen(ScreenChoice(page=str(PAGE)), policy=Policy(act=True)) as screen:
        tools = smolagents_tools(ScreenTools(screen))
        agent = ToolCallingAgent(tools, Script(), verbosity_level=LogLevel.OFF)
        print(agent.run("Switch the lamp on."))
        for step in agent.memory.steps[1:]:
            print(step.observations)


if __name__ == "__main__":
    main()
