"""The back room from a shell: ``python -m batch --help``.

Progress and messages go to standard error, data to standard output. Exit
codes: 0 all rows done, 1 a service or model failed, 2 bad input, 3 some rows
failed.
"""

from __future__ import annotations

import typer

from batch import (
    compare_command,
    deliver_command,
    demonstrations_command,
    doctor_command,
    download_command,
    evaluate_command,
    extract_command,
    fields_command,
    forecast_command,
    job_commands,
    publish_command,
    review_command,
    schedules_command,
    workers_command,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Extract metadata from catalogs, and look after the jobs.",
)
app.command()(extract_command.extract)
app.command("forecast")(forecast_command.forecast_catalog)
app.command("evaluate")(evaluate_command.evaluate_command)
app.command("jobs")(job_commands.list_jobs)
app.command()(job_commands.show)
app.command()(job_commands.pause)
app.command()(job_commands.resume)
app.command()(job_commands.cancel)
app.command()(job_commands.retry)
app.command("failures")(job_commands.list_failures)
app.command()(job_commands.delete)
app.command("download")(download_command.download_results)
app.command()(deliver_command.deliver)
app.add_typer(deliver_command.app, name="destinations")
app.command()(compare_command.compare)
app.command()(compare_command.keep)
app.command()(publish_command.publish)
app.command()(publish_command.switch)
app.command("roll-back")(publish_command.roll_back)
app.command("releases")(publish_command.list_releases)
app.command("review")(review_command.review_rows)
app.command("workers")(workers_command.list_workers)
app.command()(doctor_command.doctor)
app.add_typer(fields_command.app, name="fields")
app.add_typer(schedules_command.app, name="schedules")
app.add_typer(demonstrations_command.app, name="demonstrations")

if __name__ == "__main__":
    app()
