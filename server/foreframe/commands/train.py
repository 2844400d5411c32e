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

    Programs are generated, run and traced; nothing else is learned from. `foreframe train data`
    writes documents to train on, with --ray on a cluster.
    """
    from foreframe.errors import BadOption, ExtraMissing

    try:
        from foreframe_models.training.__main__ import main as train_model
        from foreframe_models.training.config import TrainingError
    except ModuleNotFoundError as error:
        raise ExtraMissing(
            f"training needs {error.name}, which is not installed: "
            "pip install 'foreframe[train]', or `make train` in a clone"
        ) from error
    try:
        train_model(arguments, "foreframe train")
    except TrainingError as error:
        raise BadOption(str(error)) from error
