"""Nothing personal is published: names of owners, telephone numbers, addresses for mail, マイナンバー.

個人情報保護法2条1項・2項. A field that looks personal but may be published says `personal = true` in its declaration.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np

from gis_pipeline.findings import Pointer, listed
from gis_pipeline.japanese import fold_dashes, nfkc
from gis_pipeline.members import Context
from gis_pipeline.model import Field, Finding

TITLE = "個人情報"

_COLUMN = re.compile(
    "氏名|所有者|所有権者|地権者|権利者|申請者|申請人|申込者|届出者|届出人|建築主|代表者|担当者|居住者|世帯主|納税義務者|借地人|相続人|"
    "連絡先|電話|携帯|ＴＥＬ|メールアドレス|生年月日|個人番号|マイナンバー|本籍|続柄|表札"
)
_COLUMN_LATIN = re.compile(
    r"(?:^|_)(owner|applicant|phone|tel|mobile|e?mail|birthday?|birthdate|mynumber)(?:_|\d|$)", re.I
)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_PHONE = re.compile(r"(?<![\d-])0\d{1,4}[-( )]{1,2}\d{1,4}[-) ]{1,2}\d{3,4}(?![\d-])")
_MOBILE = re.compile(r"(?<!\d)0[5789]0\d{8}(?!\d)")
_SAMA = re.compile(r"[一-龥々ヶ]{2,6}[ ]?[一-龥々ぁ-んァ-ヶ]{0,5}[ ]?様(?=$|[ 、。・()方宅])")
_NOT_SAMA = re.compile("(?:仕|同|模|多|一|各|異|有|左|今|両|何|奥|殿|王|神|皆|文|別)様")
_DONO = re.compile(
    r"(?:^|[ 、。・(])[一-龥々]{1,4} [一-龥々ぁ-んァ-ヶ]{1,5} ?殿(?=$|[ 、。・()])|[一-龥々]{3,6} 殿(?=$|[ 、。・()])"
)
_LABELLED = re.compile(
    "(?:氏名|所有者|所有権者|地権者|権利者|申請者|申請人|届出者|届出人|建築主|代表者|居住者|世帯主|相続人)"
    "[名 :;=・／/(]+"
    "(?!(?:不明|未定|無し?|国|同上|各)(?![一-龥々]))"
    "(?![一-龥々ヶァ-ーぁ-ん]*(?:町|村|市|区|県|都|府|省|庁|局|課|係|会|社|組合|法人|機構|寺|院|有地)(?![一-龥々]))[一-龥々]"
)
_TWELVE = re.compile(r"(?<![\d-])\d{4}[- ]?\d{4}[- ]?\d{4}(?![\d-])")


def check(context: Context) -> Iterator[Finding]:
    """Blocks published fields that look personal by their name or title, and values that look personal.

    Values are shown masked: the findings of an edition are published with it.
    """
    pointer = Pointer("personal_data", context.features)
    for name, field in context.collection.fields.items():
        if field.personal:
            continue
        column = _personal_column(name, field)
        if column:
            yield Finding(
                rule="personal_data",
                severity="block",
                message=f"「{column}」は個人情報の列のようです。",
                advice="[fields] から除くか、公開してよいと確かめたなら personal = true と書いてください。",
                field=name,
                file="collection.toml",
            )
        elif field.type in ("text", "code"):
            yield from _values(pointer, name, field)


def _personal_column(name: str, field: Field) -> str | None:
    """Which of the field's name, title and source columns looks personal."""
    for word in (field.title, *field.sources, name):
        folded = nfkc(word)
        if _COLUMN.search(folded) or _COLUMN.search(word) or _COLUMN_LATIN.search(folded):
            return word
    return None


def _values(pointer: Pointer, name: str, field: Field) -> Iterator[Finding]:
    values = pointer.features.frame[name]
    kinds: dict[str, list[str]] = {}
    for value in values.dropna().unique():
        kind = looks_personal(value, code=field.type == "code")
        if kind is not None:
            kinds.setdefault(kind, []).append(value)
    for kind, found in kinds.items():
        positions = np.flatnonzero(values.isin(found).to_numpy(dtype=bool)).tolist()
        yield from listed(positions, _maker(pointer, name, field, kind))


def _maker(pointer: Pointer, name: str, field: Field, kind: str) -> Callable[[int], Finding]:
    values = pointer.features.frame[name]

    def finding(position: int) -> Finding:
        return pointer.finding(
            position,
            "block",
            f"「{field.title}」に{kind}のような文字があります: {_masked(str(values.iloc[position]))}",
            "元の資料から除くか、公開してよい列だと確かめたなら personal = true と書いてください。",
            field=name,
        )

    return finding


def looks_personal(text: str, *, code: bool = False) -> str | None:
    """What kind of personal data a text looks like; None if nothing. `code`: digits alone are no telephone number."""
    folded = fold_dashes(nfkc(text))
    if _MAIL.search(folded):
        return "メールアドレス"
    if any(_is_phone(match.group()) for match in _PHONE.finditer(folded)) or (not code and _MOBILE.search(folded)):
        return "電話番号"
    if not code and any(_is_my_number(match.group()) for match in _TWELVE.finditer(folded)):
        return "個人番号"
    if (_SAMA.search(folded) and not _NOT_SAMA.search(folded)) or _DONO.search(folded) or _LABELLED.search(folded):
        return "人の名前"
    return None


def _is_phone(text: str) -> bool:
    """Ten digits, or eleven for 050, 070, 080, 090 (電気通信番号規則); a date or a lot number has not."""
    digits = re.sub(r"\D", "", text)
    return len(digits) == (11 if digits[:3] in ("050", "070", "080", "090") else 10)


def _is_my_number(text: str) -> bool:
    """Whether the check digit of 個人番号 is right (平成26年総務省令第85号5条)."""
    digits = [int(char) for char in re.sub(r"\D", "", text)]
    weights = [n + 1 if n <= 6 else n - 5 for n in range(1, 12)]
    remainder = sum(weight * digit for weight, digit in zip(weights, digits[10::-1], strict=True)) % 11
    return digits[11] == (0 if remainder <= 1 else 11 - remainder)


def _masked(text: str) -> str:
    return text[:2] + "＊" * min(max(len(text) - 2, 1), 10)
