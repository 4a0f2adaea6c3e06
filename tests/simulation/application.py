"""What a program on the other side of PC/SC does, on smartcard.scard bare."""

from smartcard import scard

from simulation.vpcd import READERS

NAME = READERS[0].name
SOON_MS = 60_000


class Application:
    """The application's side, on smartcard.scard bare; every call that fails raises."""

    def __init__(self) -> None:
        result, self._context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
        assert result == scard.SCARD_S_SUCCESS, scard.SCardGetErrorMessage(result)

    def close(self) -> None:
        scard.SCardReleaseContext(self._context)

    def names(self) -> list[str]:
        return list(scard.SCardListReaders(self._context, [])[1])

    def wait(self, present: bool, reader: str = NAME) -> None:
        state = scard.SCARD_STATE_UNAWARE
        for _ in range(20):
            result, states = scard.SCardGetStatusChange(self._context, SOON_MS, [(reader, state)])
            assert result == scard.SCARD_S_SUCCESS, scard.SCardGetErrorMessage(result)
            state = states[0][1]
            if bool(state & scard.SCARD_STATE_PRESENT) == present:
                return
        raise AssertionError(f"card present={present} was not seen")

    def connect(self, reader: str = NAME) -> int:
        result, card, _ = scard.SCardConnect(
            self._context, reader, scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T1 | scard.SCARD_PROTOCOL_T0
        )
        assert result == scard.SCARD_S_SUCCESS, scard.SCardGetErrorMessage(result)
        return int(card)

    def disconnect(self, card: int) -> None:
        """A handle that was exclusive shuts others out even when its card has gone."""
        scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)

    def transmit(self, card: int, command: bytes) -> tuple[int, bytes]:
        result, answer = scard.SCardTransmit(card, scard.SCARD_PCI_T1, list(command))
        return result, bytes(b & 0xFF for b in answer)
