"""`foreframe train`."""

from __future__ import annotations

import click


@click.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def train(arguments: tuple[str, ...]) -> None:
    """Train the small model, on a CPU or a GPU; resumable.

    Programs are generated, run and traced; nothing else is learned from.
    """
    from foreframe.errors import ExtraMissing

    try:
        from foreframe_models.training.__main__ import main as train_model
    except ModuleNotFoundError as error:
        raise ExtraMissing(
            f"training needs {error.name}, which is not installed: "
            "pip install 'foreframe[train]', or `make train` in a clone"
        ) from error
    train_model(arguments, "foreframe train")
