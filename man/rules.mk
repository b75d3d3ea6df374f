# man: the manuals, in mdoc; each component writes its own

MANUALS += $(sort $(wildcard man/*.[1-9]))
