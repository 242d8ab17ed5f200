"""What a run of ingest did, counted and in words."""

from collections import Counter
from dataclasses import dataclass, field

_REASONS_SHOWN = 5


@dataclass(slots=True, kw_only=True)
class IngestSummary:
    """Counts of one run; plain enough for JSON."""

    records: int = 0
    """Records read, rejects included."""
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    """Findings of which something newer, or the same, is stored already."""
    resources: int = 0
    """AWS Config items taken in."""
    rejected: int = 0
    by_source: Counter[str] = field(default_factory=Counter)
    by_class: Counter[str] = field(default_factory=Counter)
    """OCSF class of the findings: `COMPLIANCE`, ..."""
    by_tenant: Counter[str] = field(default_factory=Counter)
    """Findings and Config items together."""
    by_reason: Counter[str] = field(default_factory=Counter)
    """Rejects."""

    @property
    def findings(self) -> int:
        """Findings taken in, whether they changed anything or not."""
        return self.added + self.updated + self.unchanged

    @property
    def taken_in(self) -> int:
        """Everything that went in."""
        return self.findings + self.resources

    def in_words(self) -> str:
        """For a person: a sentence, then a line per count that is not empty."""
        verdict = (
            f"{_counted(self.findings, 'finding')} ({self.added:,} added, "
            f"{self.updated:,} updated, {self.unchanged:,} unchanged) "
            f"and {_counted(self.resources, 'Config item')} went in; "
            f"{self.rejected:,} of {_counted(self.records, 'record')} "
            f"{'was' if 1 in (self.rejected, self.records) else 'were'} rejected."
        )
        lines = [verdict]
        for title, counts in (
            ("Sources", self.by_source),
            ("Classes", self.by_class),
            ("Tenants", self.by_tenant),
        ):
            if counts:
                said = ", ".join(f"{name} {count:,}" for name, count in counts.most_common())
                lines.append(f"{title:<9} {said}")
        lines += [
            f"{'Rejected' if at == 0 else '':<9} {count:,} x {reason}"
            for at, (reason, count) in enumerate(self.by_reason.most_common(_REASONS_SHOWN))
        ]
        more = len(self.by_reason) - _REASONS_SHOWN
        if more > 0:
            lines.append(f"{'':<9} and {more} other {'reason' if more == 1 else 'reasons'}")
        return "\n".join(lines)


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
