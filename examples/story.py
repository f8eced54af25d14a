"""Tells what an example does, for people: numbered steps, what must hold, and the figures at the end."""

from rich.console import Console
from rich.text import Text


class Failed(Exception):
    """Something is not as it must be."""


class Story:
    """Prints as it goes and remembers the figures and what failed."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._steps = 0
        self._figures: list[tuple[str, str]] = []
        self._left_out: list[str] = []
        self.failures: list[str] = []

    def step(self, title: str) -> None:
        """Begin the next step."""
        self._steps += 1
        self._console.print()
        self._console.print(Text(f"{self._steps}. {title}", style="bold"))

    def tell(self, text: str) -> None:
        """Say what happened."""
        self._console.print(Text(f"   {text}"))

    def must(self, holds: bool, text: str) -> None:  # noqa: FBT001 - the claim itself
        """Say that something holds; when it doesn't, the example fails, and goes on as long as it can."""
        mark = ("✓", "green") if holds else ("✗ NOT SO:", "bold red")
        self._console.print(Text.assemble("   ", mark, f" {text}"))
        if not holds:
            self.failures.append(text)

    def figure(self, name: str, value: str) -> None:
        """Remember a figure for the end."""
        self._figures.append((name, value))

    def leave_out(self, text: str) -> None:
        """Say that something can't be shown here, and again at the end."""
        self._console.print(Text(f"   – left out: {text}", style="yellow"))
        self._left_out.append(text)

    def end(self) -> None:
        """Print the figures, what was left out and what failed."""
        self._console.print()
        if self._figures:
            self._console.print(Text("Figures", style="bold"))
            width = max(len(name) for name, _ in self._figures)
            for name, value in self._figures:
                self._console.print(Text(f"   {name:<{width}}   {value}"))
        for text in self._left_out:
            self._console.print(Text(f"Left out: {text}", style="yellow"))
        for text in self.failures:
            self._console.print(Text(f"Not as it must be: {text}", style="bold red"))
        if not self.failures:
            self._console.print(Text("All is as it must be.", style="bold green"))
