"""The app's addresses: the page, and the JSON, spectrograms and sound that it asks for."""

import io
import math
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, render_template, request, send_file
from werkzeug.exceptions import HTTPException

from cleaner.audio.clips import wav_bytes
from cleaner.errors import CleanerError, SystemRefusal
from cleaner.imports import marks_in
from cleaner.imports.apply import import_marks
from cleaner.imports.meaning import UnsaidMeaning
from cleaner.inputs import RECORDING_SUFFIXES
from cleaner.label_form import ClipLabel, label_to_json, parse_label
from cleaner.labels import Conflict
from cleaner.training.training_data import MIN_CLIPS
from labeler import preview as splicing
from labeler.exports import EXPORTS, archive, extent
from labeler.project import Project, kinds

pages = Blueprint("pages", __name__)
_CHUNK = 1 << 20
_LARGEST_JSON = 1 << 20
_LARGEST_LABEL_FILE = 64 << 20


def project() -> Project:
    """The project of the app that answers."""
    return current_app.extensions["project"]


@pages.get("/")
def labeler() -> str:
    """The page."""
    static = Path(str(current_app.static_folder))
    modules = sorted(path.relative_to(static).as_posix() for path in static.rglob("*.js"))
    folder = project().config.data.resolve().name
    suffixes = ",".join(sorted(RECORDING_SUFFIXES))
    return render_template(
        "labeler.html",
        project=folder,
        modules=modules,
        exports=EXPORTS.values(),
        suffixes=suffixes,
        largest_upload=project().config.max_upload_bytes,
    )


@pages.get("/api/project")
def whole_project() -> Response:
    """Everything that the page needs to begin with."""
    here = project()
    here.look_for_clips()
    return jsonify(
        instance=here.instance,
        version=here.changes.version,
        clips_version=here.clips_version,
        kinds=kinds(),
        recordings=here.recordings(),
        clips=here.columns(),
    )


@pages.get("/api/status")
def status() -> Response:
    """What changed since ``?since=``: clips, model, jobs, training, agreement. Cheap: pages ask every 2 s."""
    here = project()
    here.store.labels()
    version, changed = here.changes.since(request.args.get("since", default=0, type=int))
    model = here.proposals
    return jsonify(
        instance=here.instance,
        version=version,
        clips_version=here.clips_version,
        changes={clip: here.summary(clip) for clip in changed if clip in here.dataset.clips},
        model={"state": model.state, "message": model.message, "version": model.version},
        jobs=here.intake.jobs(),
        training=here.training.summary(),
        agreement=here.agreement.summary(),
    )


@pages.get("/api/clips/<clip_id>")
def clip(clip_id: str) -> Response:
    """One clip: where it is, its label, its proposal, what goes of its neighbours."""
    here = project()
    found = _known(clip_id)
    sound = here.media.sound(clip_id)
    return jsonify(
        id=clip_id,
        folder=here.folder,
        recording=found.recording,
        start_s=found.start_s,
        duration_s=found.duration_s,
        sample_rate=sound.rate_hz,
        before_s=sound.before_s,
        after_s=sound.after_s,
        labels=_shown(here.store.get(clip_id), clip_id),
        proposal=_proposal(clip_id),
        neighbours=here.removed_around(clip_id),
    )


@pages.get("/api/clips/<clip_id>/mel")
def mel(clip_id: str) -> Response:
    """The log-mel spectrogram with context: int16 ``(T, 64)``, little-endian, thousandths of a neper."""
    _known(clip_id)
    return Response(project().media.mel(clip_id), mimetype="application/octet-stream")


@pages.get("/api/clips/<clip_id>/sound.wav")
def sound(clip_id: str) -> Response:
    """The clip with its neighbours' half seconds as a 16-bit wav; answers HTTP Range."""
    _known(clip_id)
    data = io.BytesIO(project().media.wav(clip_id))
    return send_file(data, mimetype="audio/wav", conditional=True, etag=False)


@pages.post("/api/clips/<clip_id>/preview")
def preview(clip_id: str) -> Response:
    """The clip as it would be cut with the posted marks, as wav; ``X-Kept`` lists what of it is left."""
    here = project()
    label = _posted_label(clip_id, _posted())
    around = here.removed_around(clip_id)
    before = _shifted(around["before"], -around["before_duration_s"])
    after = _shifted(around["after"], _known(clip_id).duration_s)
    clip_sound = here.media.sound(clip_id)
    samples, kept = splicing.edited(clip_sound, [*before, *label.remove, *after])
    response = Response(wav_bytes(samples, clip_sound.rate_hz), mimetype="audio/wav")
    response.headers["X-Kept"] = current_app.json.dumps(kept)
    return response


@pages.post("/api/clips/<clip_id>/labels")
def save(clip_id: str) -> tuple[Response, int] | Response:
    """Store a clip's marks as the successor of the posted revision; 409 where there is a newer one.

    410 for a clip of another ``folder``: an open page outlives the app, and ids are alike everywhere.
    """
    here = project()
    posted = _posted()
    if posted.get("folder", here.folder) != here.folder:
        abort(410, "the app was started anew over another folder, so this is not saved: reload the page")
    revision = posted.get("revision")
    if isinstance(revision, bool) or not isinstance(revision, int) or revision < 0:
        abort(400, f"the revision {revision!r} is no whole number from 0 up")
    label = _posted_label(clip_id, posted)
    try:
        stored = here.save(clip_id, label, revision)
    except Conflict as conflict:
        current = _shown(here.store.get(clip_id), clip_id)
        return jsonify(error=str(conflict), current=current), 409
    agreement = here.agreement.summary() if stored.reviewed else None
    return jsonify(labels=_shown(stored, clip_id), summary=here.summary(clip_id), agreement=agreement)


@pages.post("/api/recordings")
def add_recording() -> tuple[Response, int]:
    """Take one sound file, ``?name=``, as the body; it is sliced in the background."""
    if request.content_length is None:
        abort(411, "an upload must say its length")

    def chunks() -> Any:
        while chunk := request.stream.read(_CHUNK):
            yield chunk

    job = project().intake.take(request.args.get("name", ""), chunks())
    return jsonify(job.as_dict()), 202


@pages.post("/api/recordings/forget")
def forget_jobs() -> Response:
    """Tell no more of recordings that are done or failed; their clips stay."""
    intake = project().intake
    intake.forget_ended()
    return jsonify(intake.jobs())


@pages.post("/api/import")
def import_labels() -> Response:
    """Label a recording, ``?recording=``, from a file made elsewhere, ``?name=``, whose text is the body."""
    query = request.args
    clips = [clip for clip in project().dataset.clips.values() if clip.recording == query.get("recording")]
    if not clips:
        abort(404, f"there is no recording {query.get('recording')!r}")
    if query.get("mean", "") not in ("", "keep", "remove"):
        abort(400, f"marks cannot mean {query['mean']!r}; they mean keep or remove")
    if (request.content_length or 0) > _LARGEST_LABEL_FILE:
        abort(413, "that is more than a label file can be")
    name = query.get("name") or "a file without a name"
    marks = marks_in(request.get_data(), name)
    try:
        labels_path = project().dataset.labels_path
        applied = import_marks([(name, marks)], clips, labels_path, query.get("mean") or None)
    except UnsaidMeaning as error:
        abort(400, f"{error.question} Choose what its stretches mean")
    return jsonify(clips=applied.changed, left=applied.left, notes=applied.notes)


@pages.post("/api/training/start")
def start_training() -> Response:
    """Train on what is reviewed.

    Not from what a training here has learnt: that knows some of the clips that are held out now, and all
    labels are there each time.
    """
    here = project()
    clips = sum(label.trains for clip, label in here.store.labels().items() if clip in here.dataset.clips)
    if here.config.train_command and clips < MIN_CLIPS:
        abort(400, f"{MIN_CLIPS} reviewed clips are needed, there {'is' if clips == 1 else 'are'} {clips}")
    here.training.start(here.config.train_from)
    return jsonify(here.training.summary())


@pages.post("/api/training/stop")
def stop_training() -> Response:
    """End the training that runs."""
    project().training.stop()
    return jsonify(project().training.summary())


@pages.get("/api/export")
def exportable() -> Response:
    """How many clips an export holds and leaves out: asked before one is made."""
    clips, left_out = extent(project().dataset, project().store.labels())
    return jsonify(clips=clips, left_out=left_out)


@pages.get("/api/export/<name>")
def export(name: str) -> Response:
    """All reviewed labels in another program's form, as a zip."""
    if name not in EXPORTS:
        abort(404, f"there is no export {name!r}; there are {', '.join(EXPORTS)}")
    here = project()
    extent(here.dataset, here.store.labels())
    file = archive(EXPORTS[name], here.dataset, here.store.get)
    return send_file(file, mimetype="application/zip", as_attachment=True, download_name=f"labels-{name}.zip")


@pages.app_errorhandler(HTTPException)
def refused(error: HTTPException) -> tuple[Response, int]:
    """Every refusal is one sentence: to a person who opens the page as text, to the page as JSON."""
    if request.path == "/":
        said = (error.description or "").rstrip(".")
        return Response(f"{said[:1].upper()}{said[1:]}.\n", mimetype="text/plain"), error.code or 500
    return jsonify(error=error.description), error.code or 500


@pages.app_errorhandler(CleanerError)
def mistaken(error: CleanerError) -> tuple[Response, int]:
    """A user's mistake or a broken file, in its own words."""
    return jsonify(error=str(error)), 400


@pages.app_errorhandler(OSError)
def denied(error: OSError) -> tuple[Response, int]:
    """What the system refused, a folder that is not ours to write in, say."""
    return mistaken(SystemRefusal(error))


def _known(clip_id: str) -> Any:
    """The clip of that id: ids come from the folder's own list, never from the address."""
    found = project().dataset.clips.get(clip_id)
    if found is None:
        abort(404, f"there is no clip {clip_id!r}")
    return found


def _posted() -> dict[str, Any]:
    if (request.content_length or 0) > _LARGEST_JSON:
        abort(413, "that is more than a clip's labels can be")
    try:
        posted = request.get_json()
    except RecursionError:
        abort(400, "the body is nested too deeply")
    if not isinstance(posted, dict):
        abort(400, "the body must be an object")
    return posted


def _posted_label(clip_id: str, posted: dict[str, Any]) -> ClipLabel:
    """The posted marks, checked as an entry of ``labels.json`` is; raises LabelsError.

    They are a person's, but for an import whose strokes were all taken back: the page then says whose.
    """
    reviewed = posted.get("reviewed", False)
    entry = {
        "duration_s": _known(clip_id).duration_s,
        "remove": posted.get("remove", []),
        "unknown": posted.get("unknown", []),
        "source": "person" if reviewed else posted.get("source", "person"),
        "reviewed": reviewed,
    }
    return parse_label(clip_id, entry)


def _shifted(intervals: list[tuple[float, float, str]], by_s: float) -> list[tuple[float, float, str]]:
    return [(start + by_s, end + by_s, kind) for start, end, kind in intervals]


def _shown(label: ClipLabel, clip_id: str) -> dict[str, Any]:
    return {**label_to_json(label), "reviewed": project().store.summary(clip_id)[0]}


def _proposal(clip_id: str) -> dict[str, Any] | None:
    made = project().proposals.get(clip_id)
    if made is None:
        return None
    keep = [round(float(value), 3) if math.isfinite(value) else 0.0 for value in made.keep]
    return {"remove": made.remove, "keep": keep, "threshold": made.threshold, "doubt": made.doubt}
