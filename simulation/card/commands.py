"""The commands that run within a session, one function each, in a table by instruction.

Each function gets the chip's state, the command's header and its plaintext data, and returns plaintext data; secure
messaging happens around it. `read_mode` and `write_mode` ask the file, which also is where its rights are checked.
"""

from collections.abc import Callable
from dataclasses import dataclass

from simulation.card.crypto import jam_crc32, same, xor
from simulation.card.eeprom import AES_KEY_BYTES, PICC_AID, Application, DataFile, FileType, Key, Setting
from simulation.card.session import CommMode
from simulation.card.state import MASTER_KEY, FieldLost, State
from simulation.card.status import Refused, Status, require

MAX_KEYS = 14
MAX_FILES = 32
AES_KEYS = 0x80  # upper bits of a number of keys, and of a key number at the level of the chip
CHANGE_WITH_SAME_KEY = 0xE
CHANGE_FROZEN = 0xF
VERSION_FRAMES = (7, 7, 14)
HARDWARE = bytes.fromhex("04010112001805")  # NXP, DESFire, EV2, 4 KB, ISO 14443-4
SOFTWARE = bytes.fromhex("04010102001805")
PRODUCTION = bytes.fromhex("BA5EBA11004224")  # batch, week and year


@dataclass(frozen=True)
class Command:
    """A row of the table. `header` is the length of what is never encrypted; only some commands take data behind it.

    `mode` is fixed, or asked for by file number; `frames` are the lengths of the parts an answer comes in.
    """

    run: Callable[[State, bytes, bytes], bytes]
    header: int
    mode: CommMode | Callable[[State, int], CommMode] = CommMode.MAC
    takes_data: bool = False
    frames: tuple[int, ...] = ()


def create_application(state: State, header: bytes, _: bytes) -> bytes:
    """CreateApplication: identifier, settings, number of keys and their type (AES only)."""
    require(state.selected == PICC_AID, Status.PERMISSION_DENIED)
    state.require_master_unless(Setting.FREE_CREATE_DELETE)
    aid, settings, keys = header[:3], header[3], header[4]
    require(aid != PICC_AID and keys & 0xF0 == AES_KEYS and 0 < keys & 0x0F <= MAX_KEYS, Status.PARAMETER_ERROR)
    require(aid not in state.eeprom.applications, Status.DUPLICATE)
    state.eeprom.applications[aid] = Application(settings, [Key() for _ in range(keys & 0x0F)])
    state.stored()
    return b""


def delete_application(state: State, aid: bytes, _: bytes) -> bytes:
    """DeleteApplication: by the chip's master key, or by its own where anybody may create applications."""
    require(aid in state.eeprom.applications, Status.APPLICATION_NOT_FOUND)
    own = state.selected == aid and bool(state.eeprom.picc_settings & Setting.FREE_CREATE_DELETE)
    require(state.is_master and (state.selected == PICC_AID or own), Status.AUTHENTICATION_ERROR)
    del state.eeprom.applications[aid]
    if state.selected == aid:
        state.select(PICC_AID)
    state.stored()
    return b""


def format_picc(state: State, _header: bytes, _: bytes) -> bytes:
    """FormatPICC: all applications are gone, the chip's own keys and settings stay."""
    require(state.selected == PICC_AID and state.is_master, Status.AUTHENTICATION_ERROR)
    state.eeprom.applications.clear()
    state.stored()
    return b""


def get_application_ids(state: State, _header: bytes, _: bytes) -> bytes:
    """GetApplicationIDs."""
    require(state.selected == PICC_AID, Status.PERMISSION_DENIED)
    state.require_master_unless(Setting.FREE_DIRECTORY)
    return b"".join(state.eeprom.applications)


def get_key_settings(state: State, _header: bytes, _: bytes) -> bytes:
    """GetKeySettings: settings, number of keys with their type."""
    state.require_master_unless(Setting.FREE_DIRECTORY)
    return bytes((state.settings, len(state.keys) | AES_KEYS if state.keys else 1))


def get_key_version(state: State, header: bytes, _: bytes) -> bytes:
    """GetKeyVersion: one byte, for anybody."""
    number = header[0]
    if state.selected == PICC_AID and not state.keys:
        require(number == MASTER_KEY, Status.NO_SUCH_KEY)
        return b"\x00"
    require(number < len(state.keys), Status.NO_SUCH_KEY)
    return bytes((state.keys[number].version,))


def change_key(state: State, header: bytes, data: bytes) -> bytes:
    """ChangeKey (AN12196): of the key that authenticated, new key and version; of another, new XOR old, version, CRC.

    Who changes the key he authenticated with is out, and gets an answer without a MAC.
    """
    assert state.session is not None  # noqa: S101 - full mode has seen to it
    type_bits = AES_KEYS if state.selected == PICC_AID else 0
    require(header[0] & 0xC0 == type_bits, Status.PARAMETER_ERROR)
    number = header[0] & 0x3F
    require(number < len(state.keys), Status.NO_SUCH_KEY)
    if number == MASTER_KEY:
        require(bool(state.settings & Setting.MASTER_KEY_CHANGEABLE), Status.PERMISSION_DENIED)
        changer = MASTER_KEY
    else:
        changer = state.settings >> 4
        require(changer != CHANGE_FROZEN, Status.PERMISSION_DENIED)
        changer = number if changer == CHANGE_WITH_SAME_KEY else changer
    require(state.session.key_number == changer, Status.AUTHENTICATION_ERROR)

    key, rest = data[:AES_KEY_BYTES], data[AES_KEY_BYTES:]
    if number == state.session.key_number:
        require(len(rest) == 1, Status.LENGTH_ERROR)
        state.keys[number].value = key
        state.forget()
    else:
        require(len(rest) == 5, Status.LENGTH_ERROR)
        key = xor(key, state.keys[number].value)
        require(same(rest[1:], jam_crc32(key)), Status.INTEGRITY_ERROR)
        state.keys[number].value = key
    state.keys[number].version = rest[0]
    state.stored()
    return b""


def create_file(kind: FileType) -> Callable[[State, bytes, bytes], bytes]:
    """CreateStdDataFile or CreateBackupDataFile: number, mode, rights and size, the last two least byte first."""

    def create(state: State, header: bytes, _: bytes) -> bytes:
        state.require_master_unless(Setting.FREE_CREATE_DELETE)
        number, mode = header[0], header[1]
        size = int.from_bytes(header[4:7], "little")
        require(number < MAX_FILES and mode in {0, 1, 2, 3} and size > 0, Status.PARAMETER_ERROR)
        files = state.application.files
        require(number not in files, Status.DUPLICATE)
        file = DataFile(kind, CommMode(mode if mode != 2 else 0), int.from_bytes(header[2:4], "little"), bytes(size))
        keys = {file.access >> shift & 0xF for shift in (0, 4, 8, 12)}
        require(all(key < len(state.keys) or key >= 0xE for key in keys), Status.PARAMETER_ERROR)
        require(file.allocated <= state.eeprom.free_bytes(), Status.OUT_OF_EEPROM)
        files[number] = file
        state.stored()
        return b""

    return create


def delete_file(state: State, header: bytes, _: bytes) -> bytes:
    """DeleteFile."""
    state.require_master_unless(Setting.FREE_CREATE_DELETE)
    state.file(header[0])
    del state.application.files[header[0]]
    state.staged.pop(header[0], None)
    state.stored()
    return b""


def get_file_ids(state: State, _header: bytes, _: bytes) -> bytes:
    """GetFileIDs."""
    files = state.application.files
    state.require_master_unless(Setting.FREE_DIRECTORY)
    return bytes(files)


def get_file_settings(state: State, header: bytes, _: bytes) -> bytes:
    """GetFileSettings: type, mode, rights, size."""
    file = state.file(header[0])
    state.require_master_unless(Setting.FREE_DIRECTORY)
    return bytes((file.kind, file.mode)) + file.access.to_bytes(2, "little") + len(file.data).to_bytes(3, "little")


def read_mode(state: State, number: int) -> CommMode:
    """The mode for who may read this file."""
    file = state.file(number)
    return state.mode_for(file, file.read_keys)


def write_mode(state: State, number: int) -> CommMode:
    """The mode for who may write this file."""
    file = state.file(number)
    return state.mode_for(file, file.write_keys)


def read_data(state: State, header: bytes, _: bytes) -> bytes:
    """ReadData: what was committed, from an offset, so many bytes; a length of 0 is all the rest."""
    file = state.file(header[0])
    offset, length = _range(header)
    length = length or len(file.data) - offset
    require(0 < length <= len(file.data) - offset, Status.BOUNDARY_ERROR)
    return file.data[offset : offset + length]


def write_data(state: State, header: bytes, data: bytes) -> bytes:
    """WriteData: to a standard file at once, to a backup file when it is committed."""
    file = state.file(header[0])
    offset, length = _range(header)
    require(0 < length == len(data), Status.LENGTH_ERROR)
    require(offset + length <= len(file.data), Status.BOUNDARY_ERROR)
    if file.kind is FileType.BACKUP:
        old = state.staged.get(header[0], file.data)
        state.staged[header[0]] = old[:offset] + data + old[offset + length :]
        return b""
    torn, state.tear_after = state.tear_after, None
    written = data if torn is None else data[:torn]
    file.data = file.data[:offset] + written + file.data[offset + len(written) :]
    state.stored()
    if torn is not None:
        raise FieldLost
    return b""


def commit_transaction(state: State, _header: bytes, _: bytes) -> bytes:
    """CommitTransaction: all that waits, or nothing of it."""
    if not state.staged:
        raise Refused(Status.NO_CHANGES)
    files = state.application.files
    for number, content in state.staged.items():
        files[number].data = content
    state.staged = {}
    state.stored()
    return b""


def abort_transaction(state: State, _header: bytes, _: bytes) -> bytes:
    """AbortTransaction."""
    if not state.staged:
        raise Refused(Status.NO_CHANGES)
    state.staged = {}
    return b""


def get_version(state: State, _header: bytes, _: bytes) -> bytes:
    """GetVersion: hardware, software, then UID and production; a chip with a random UID does not tell its own here."""
    uid = bytes(7) if state.eeprom.random_uid else state.eeprom.uid
    return HARDWARE + SOFTWARE + uid + PRODUCTION


def get_card_uid(state: State, _header: bytes, _: bytes) -> bytes:
    """GetCardUID: the real one, also of a chip that shows a random one."""
    return state.eeprom.uid


def get_free_memory(state: State, _header: bytes, _: bytes) -> bytes:
    """FreeMem: three bytes, least first."""
    return state.eeprom.free_bytes().to_bytes(3, "little")


def _range(header: bytes) -> tuple[int, int]:
    return int.from_bytes(header[1:4], "little"), int.from_bytes(header[4:7], "little")


COMMANDS = {
    0x45: Command(get_key_settings, 0),
    0x51: Command(get_card_uid, 0, CommMode.FULL),
    0x60: Command(get_version, 0, frames=VERSION_FRAMES),
    0x64: Command(get_key_version, 1),
    0x6A: Command(get_application_ids, 0),
    0x6E: Command(get_free_memory, 0),
    0x6F: Command(get_file_ids, 0),
    0x8D: Command(write_data, 7, write_mode, takes_data=True),
    0xA7: Command(abort_transaction, 0),
    0xAD: Command(read_data, 7, read_mode),
    0xC4: Command(change_key, 1, CommMode.FULL, takes_data=True),
    0xC7: Command(commit_transaction, 0),
    0xCA: Command(create_application, 5),
    0xCB: Command(create_file(FileType.BACKUP), 7),
    0xCD: Command(create_file(FileType.STANDARD), 7),
    0xDA: Command(delete_application, 3),
    0xDF: Command(delete_file, 1),
    0xF5: Command(get_file_settings, 1),
    0xFC: Command(format_picc, 0),
}
