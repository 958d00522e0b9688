"""Reads a backup in full and compares it with its manifest: the archive's hash, and what it holds."""

from app.backup.archive import damaged
from app.backup.contents import differences
from app.backup.dump import ReadAlong
from app.backup.errors import BackupUnusable
from app.backup.fingerprint import Read, strangers
from app.backup.manifest import Manifest
from app.backup.progress import Progress, Silent
from app.backup.shelf import Backup
from app.core.i18n import _

_PIECE = 1 << 20


def verify(backup: Backup, progress: Progress | None = None) -> Manifest:
    """The manifest, when archive and manifest belong together and are whole. Raises BackupUnusable with the reason."""
    progress = progress or Silent()
    manifest = usable_manifest(backup)
    size = backup.archive.stat().st_size
    if size != manifest.size:
        raise BackupUnusable(
            _(
                "The archive has {size} bytes instead of {expected}: it was cut short or replaced. Use another backup.",
                size=size,
                expected=manifest.size,
            )
        )
    progress.step("verify", manifest.documents)
    read, trouble = ReadAlong(), None
    with backup.archive.open("rb") as file:
        while piece := file.read(_PIECE):
            if trouble is None:
                try:
                    read.take(piece)
                except BackupUnusable as error:
                    trouble = error
                progress.done(read.reader.documents)
            else:
                read.sha256.update(piece)
    if read.sha256.hexdigest() != manifest.sha256:
        raise BackupUnusable(
            _("The archive is not the one its manifest describes: it was damaged or replaced. Use another backup.")
        )
    if trouble is not None:
        raise trouble
    if not read.whole:
        raise damaged()
    found = differences(manifest.collections, read.reader.finish())
    if found:
        raise BackupUnusable(" ".join(found))
    return manifest


def usable_manifest(backup: Backup) -> Manifest:
    """Raises BackupUnusable when there is none, or no archive to it."""
    if backup.manifest is None:
        raise BackupUnusable(backup.trouble)
    if not backup.archive.is_file():
        raise BackupUnusable(_("{name} has no archive. Use another backup.", name=backup.id))
    if backup.manifest.id != backup.id:
        raise BackupUnusable(
            _("The manifest in {name} belongs to {other}. Use another backup.", name=backup.id, other=backup.manifest.id)
        )
    return backup.manifest


def check_fits(manifest: Manifest, read_secret: Read, newest_migration: int) -> None:
    """Raise BackupUnusable when this appliance's version or keys are not fit to run the data."""
    if manifest.migration > newest_migration:
        raise BackupUnusable(
            _(
                "The backup is of a newer version (migration {theirs}, this one knows {ours}). Update first, then restore.",
                theirs=manifest.migration,
                ours=newest_migration,
            )
        )
    wrong = strangers(manifest.secrets, read_secret)
    if wrong:
        raise BackupUnusable(
            _(
                "The backup was made with other keys ({names}). Put the .env that belongs to it in place, "
                "run ./deploy.sh, then restore.",
                names=", ".join(wrong),
            )
        )
