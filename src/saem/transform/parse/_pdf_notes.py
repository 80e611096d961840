"""What stands on a PDF's pages beside their text: fields of forms, notes that readers wrote, files that it carries along."""
import ctypes
from typing import TYPE_CHECKING, Any

from saem.transform.parse._piece import Box

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

MAX_NOTES = 1_000                     # of a page that are counted


def attached(document: "PdfDocument") -> list[str]:
    """The files that a PDF carries with it: they are not read."""
    import pypdfium2.raw as raw
    files = raw.FPDFDoc_GetAttachmentCount(document.raw)
    return [f"{counted(files, 'attached file')} not read"] if files > 0 else []


def notes_of(page: Any) -> tuple[list[tuple[str, Box]], int]:
    """(of what shows on the page - fields of a form, texts that readers wrote on it - the values, '' where it says none, and their
    places (left, top, right, bottom, y upwards); how many notes only open when they are clicked)."""
    import pypdfium2.raw as raw
    shown: list[tuple[str, Box]] = []
    closed = 0
    for number in range(min(raw.FPDFPage_GetAnnotCount(page), MAX_NOTES)):
        note = raw.FPDFPage_GetAnnot(page, number)
        if not note:
            continue
        kind = raw.FPDFAnnot_GetSubtype(note)
        if kind in (raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_FREETEXT):
            place = raw.FS_RECTF()
            raw.FPDFAnnot_GetRect(note, place)
            is_field = kind == raw.FPDF_ANNOT_WIDGET
            value = _said(note, b"V" if is_field else b"Contents") if not is_field or _said(note, b"FT") in ("Tx", "Ch") else ""
            shown.append((value, (place.left, place.top, place.right, place.bottom)))
        closed += kind == raw.FPDF_ANNOT_TEXT
        raw.FPDFPage_CloseAnnot(note)
    return shown, closed


def _said(note: Any, key: bytes) -> str:
    import pypdfium2.raw as raw
    size = raw.FPDFAnnot_GetStringValue(note, key, None, 0)
    if size <= 2:
        return ""
    buffer = ctypes.create_string_buffer(size)
    raw.FPDFAnnot_GetStringValue(note, key, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    return buffer.raw[:size - 2].decode("utf-16-le", "replace")


def counted(number: int, what: str) -> str:
    return f"1 {what} was" if number == 1 else f"{number} {what}s were"
