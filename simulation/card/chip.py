"""A DESFire EV2 chip as its public documentation describes it: APDUs in, answers with a chip's status words out.

It knows what a terminal and personalisation of an XS-Key need: AES keys, EV2 secure messaging, ISO 7816-4 wrapping
(CLA 90), ISO 14443-4 chaining only (AD and 8D, one APDU each; no AF chaining of data). Everything else is answered as
an illegal command. A blank chip is as the factory ships it: the chip's own master key is a DES key of zeros, which EV2
authentication cannot use; anybody may create an application, whose keys are AES zeros, and the master key of that
application may delete it again. Personalisation needs nothing more. `Eeprom.picc_key` makes it a chip whose own
master key somebody has changed to AES.

Where documentation is silent the chip is strict: any refusal ends the session and rolls back what was not committed.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from simulation.card.commands import COMMANDS
from simulation.card.crypto import BLOCK, decrypt_cbc, encrypt_cbc, rotated, same, session_keys
from simulation.card.eeprom import PICC_AID, Eeprom
from simulation.card.session import CommMode, Session
from simulation.card.state import FieldLost, State
from simulation.card.status import Refused, Status, require

ATR = bytes.fromhex("3B8180018080")  # what readers make of a DESFire's answer to select (PC/SC part 3)
GET_UID = bytes.fromhex("FFCA000000")
RANDOM_UID_PREFIX = b"\x08"
MAX_ANSWER = 256
CAPABILITIES = 6

CLA_WRAPPED = 0x90
CLA_READER = 0xFF
AUTHENTICATE_EV2_FIRST = 0x71
AUTHENTICATE_EV2_NON_FIRST = 0x77
ADDITIONAL_FRAME = 0xAF
SELECT_APPLICATION = 0x5A


class IsoStatus:
    """Status words that the wrapping gives, before any native command is looked at."""

    OK = b"\x90\x00"
    WRONG_LENGTH = b"\x67\x00"
    NOT_FOUND = b"\x6a\x82"
    WRONG_PARAMETERS = b"\x6a\x86"
    UNKNOWN_INSTRUCTION = b"\x6d\x00"
    UNKNOWN_CLASS = b"\x6e\x00"


@dataclass(frozen=True)
class _Handshake:
    """First half of an authentication, waiting for the second."""

    first: bool
    key_number: int
    key: bytes = field(repr=False)
    rnd_b: bytes = field(repr=False)
    reader_capabilities: bytes


class DesfireChip:
    """The chip. `random` gives so many random bytes; `durable` is called after each change of the EEPROM."""

    atr = ATR

    def __init__(
        self,
        eeprom: Eeprom,
        *,
        random: Callable[[int], bytes] = os.urandom,
        durable: Callable[[Eeprom], None] = lambda _: None,
    ) -> None:
        self.eeprom = eeprom
        self._random = random
        self._state = State(eeprom, durable)
        self._handshake: _Handshake | None = None
        self._frames: list[bytes] = []
        self._shown_uid = b""
        self.power_on()

    @classmethod
    def kept_in(cls, path: Path, *, random: Callable[[int], bytes] = os.urandom) -> Self:
        """The chip saved at `path`, written there again with each change before the chip answers.

        Raises:
            ValueError: that file is no saved card.
            OSError: it cannot be read.
        """
        return cls(Eeprom.load(path), random=random, durable=lambda eeprom: eeprom.save(path))

    def power_on(self) -> None:
        """The field came up: a fresh start, and another random UID on a chip that shows one."""
        self._forget()
        self._state.select(PICC_AID)
        uid = self.eeprom.uid
        self._shown_uid = RANDOM_UID_PREFIX + self._random(3) if self.eeprom.random_uid else uid

    def power_off(self) -> None:
        """The field is gone: session and transaction with it."""
        self._forget()
        self._state.select(PICC_AID)

    def reset(self) -> None:
        """Off and on."""
        self.power_on()

    def tear_next_write(self, after_bytes: int) -> None:
        """Let the field vanish in the next write to a standard file, when so many bytes of it are in the EEPROM."""
        self._state.tear_after = after_bytes

    def apdu(self, command: bytes) -> bytes:
        """Answer one APDU: data and two status bytes.

        Raises:
            FieldLost: `tear_next_write` asked for it.
        """
        if command == GET_UID:
            return self._shown_uid + IsoStatus.OK
        refusal = _wrapping_refused(command)
        if refusal is not None:
            self._forget()
            return refusal
        try:
            data, status = self._native(command[1], command[5:-1])
            require(len(data) <= MAX_ANSWER, Status.LENGTH_ERROR)
        except Refused as refused:
            self._forget()
            data, status = b"", refused.status
        except FieldLost:
            self.power_off()
            raise
        return data + bytes((0x91, status))

    def _forget(self) -> None:
        self._state.forget()
        self._handshake = None
        self._frames = []

    def _native(self, instruction: int, body: bytes) -> tuple[bytes, Status]:
        handshake, self._handshake = self._handshake, None
        frames, self._frames = self._frames, []
        if instruction == ADDITIONAL_FRAME:
            if handshake is not None:
                return self._authenticated(handshake, body), Status.OK
            require(bool(frames), Status.ILLEGAL_COMMAND)
            return self._next_frame(frames)
        require(handshake is None and not frames, Status.COMMAND_ABORTED)
        if instruction == SELECT_APPLICATION:
            return self._select(body), Status.OK
        if instruction in {AUTHENTICATE_EV2_FIRST, AUTHENTICATE_EV2_NON_FIRST}:
            return self._challenge(instruction == AUTHENTICATE_EV2_FIRST, body), Status.ADDITIONAL_FRAME
        return self._execute(instruction, body)

    def _select(self, aid: bytes) -> bytes:
        require(len(aid) == 3, Status.LENGTH_ERROR)
        self._state.select(PICC_AID)
        require(aid == PICC_AID or aid in self.eeprom.applications, Status.APPLICATION_NOT_FOUND)
        self._state.select(aid)
        return b""

    def _challenge(self, first: bool, body: bytes) -> bytes:
        """AuthenticateEV2First or NonFirst, first half: an encrypted random number."""
        if first:
            require(2 <= len(body) == 2 + body[1] <= 2 + CAPABILITIES, Status.LENGTH_ERROR)
            self._state.forget()
        else:
            require(len(body) == 1, Status.LENGTH_ERROR)
            require(self._state.session is not None, Status.PERMISSION_DENIED)
        number, keys = body[0], self._state.keys
        if self._state.selected == PICC_AID and not keys:
            raise Refused(Status.AUTHENTICATION_ERROR)  # a DES key, which this is no authentication for
        require(number < len(keys), Status.NO_SUCH_KEY)
        key, rnd_b = keys[number].value, self._random(BLOCK)
        self._handshake = _Handshake(first, number, key, rnd_b, body[2:].ljust(CAPABILITIES, b"\x00"))
        return encrypt_cbc(key, rnd_b)

    def _authenticated(self, handshake: _Handshake, body: bytes) -> bytes:
        """Second half: the reader has proved that it knows the key; the chip proves it too."""
        require(len(body) == 2 * BLOCK, Status.LENGTH_ERROR)
        plaintext = decrypt_cbc(handshake.key, body)
        rnd_a, answer = plaintext[:BLOCK], plaintext[BLOCK:]
        require(same(answer, rotated(handshake.rnd_b)), Status.AUTHENTICATION_ERROR)
        key_enc, key_mac = session_keys(handshake.key, rnd_a, handshake.rnd_b)
        previous = self._state.session
        session = Session(
            key_number=handshake.key_number,
            transaction=previous.transaction if previous else self._random(4),
            key_enc=key_enc,
            key_mac=key_mac,
            counter=previous.counter if previous else 0,
        )
        self._state.session = session
        proof = rotated(rnd_a)
        if handshake.first:
            proof = session.transaction + proof + bytes(CAPABILITIES) + handshake.reader_capabilities
        return encrypt_cbc(handshake.key, proof)

    def _execute(self, instruction: int, body: bytes) -> tuple[bytes, Status]:
        command = COMMANDS.get(instruction)
        if command is None:
            raise Refused(Status.ILLEGAL_COMMAND)
        state, session = self._state, self._state.session
        mode = command.mode
        if callable(mode):
            require(bool(body), Status.LENGTH_ERROR)
            mode = mode(state, body[0])
        if session is None:
            require(mode is not CommMode.FULL, Status.AUTHENTICATION_ERROR)
            header, data = body[: command.header], body[command.header :]
            mode = CommMode.PLAIN
        else:
            header, data = session.open_command(instruction, body, command.header, mode)
        require(len(header) == command.header and (command.takes_data or not data), Status.LENGTH_ERROR)
        answer = command.run(state, header, data)
        if session is not None and not (mode is CommMode.FULL and state.session is None):
            answer = session.seal_answer(answer, mode)
        if not command.frames:
            return answer, Status.OK
        first, second, _ = command.frames
        return self._next_frame([answer[:first], answer[first : first + second], answer[first + second :]])

    def _next_frame(self, frames: list[bytes]) -> tuple[bytes, Status]:
        self._frames = frames[1:]
        return frames[0], Status.ADDITIONAL_FRAME if self._frames else Status.OK


def blank_chip(uid: bytes, *, random_uid: bool = False, random: Callable[[int], bytes] = os.urandom) -> DesfireChip:
    """A chip as it comes from the factory; `uid` is 7 bytes and starts with 04 on a chip by NXP."""
    return DesfireChip(Eeprom(uid=uid, random_uid=random_uid), random=random)


def _wrapping_refused(command: bytes) -> bytes | None:
    """The status words for an APDU that holds no native command; None for one that does."""
    if len(command) < 5:
        return IsoStatus.WRONG_LENGTH
    cla, instruction, p1, p2, third = command[:5]
    if cla != CLA_WRAPPED:
        if cla == CLA_READER:
            return IsoStatus.UNKNOWN_INSTRUCTION
        return IsoStatus.NOT_FOUND if (cla, instruction) == (0x00, 0xA4) else IsoStatus.UNKNOWN_CLASS
    if p1 or p2:
        return IsoStatus.WRONG_PARAMETERS
    if len(command) == 5:
        return None if third == 0 else IsoStatus.WRONG_LENGTH
    return None if third and len(command) == 6 + third and command[-1] == 0 else IsoStatus.WRONG_LENGTH
