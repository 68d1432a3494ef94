from apps.core import workflow
from apps.transparency.models import Batch, Export

State, Stage = Export.State, Batch.State

TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {"transparency.start_export": State.COLLECTING},
    State.COLLECTING: {
        "transparency.collect_part": State.WRITING,
        "transparency.pause_export": State.COLLECTING,
        "transparency.resume_export": State.COLLECTING,
        "transparency.retry_export": State.COLLECTING,
    },
    State.WRITING: {
        "transparency.write_part": State.READY,
        "transparency.pause_export": State.WRITING,
        "transparency.resume_export": State.WRITING,
        "transparency.retry_export": State.WRITING,
    },
    State.READY: {
        "transparency.write_part": State.READY,
        "transparency.send_export": State.SENDING,
        "transparency.retry_export": State.READY,
    },
    State.SENDING: {
        "transparency.write_part": State.SENDING,
        "transparency.end_export": State.SENT,
        "transparency.pause_export": State.SENDING,
        "transparency.resume_export": State.SENDING,
        "transparency.retry_export": State.SENDING,
    },
    # Statements that were withheld and are released later make new files, which somebody sends.
    State.SENT: {"transparency.write_part": State.READY, "transparency.retry_export": State.SENDING},
}

# What may have arrived is asked after, and is sent again only when the database does not know it.
BATCH_TRANSITIONS: dict[str | None, dict[str, str]] = {
    None: {"transparency.write_part": Stage.READY},
    Stage.READY: {"transparency.begin_sending": Stage.SENDING, "transparency.set_apart": Stage.REPLACED},
    Stage.SENDING: {
        "transparency.note_taken": Stage.ACCEPTED,
        "transparency.set_apart": Stage.REPLACED,
        "transparency.put_off": Stage.READY,
        "transparency.stop_sending": Stage.READY,
        "transparency.lose_track": Stage.UNCERTAIN,
    },
    Stage.UNCERTAIN: {
        "transparency.begin_asking": Stage.UNCERTAIN,
        "transparency.note_taken": Stage.ACCEPTED,
        "transparency.put_off": Stage.READY,
        "transparency.lose_track": Stage.UNCERTAIN,
        "transparency.give_up": Stage.FAILED,
    },
    Stage.ACCEPTED: {},
    Stage.REPLACED: {},
    Stage.FAILED: {"transparency.retry_export": Stage.UNCERTAIN},
}

EXPORT = workflow.register(Export, "state", TRANSITIONS)
BATCH = workflow.register(Batch, "state", BATCH_TRANSITIONS)
