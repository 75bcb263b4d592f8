/* gate/entry_fits.h - could a value be an entry of the list that this option fills?  For who keeps settings. */
#ifndef GATE_ENTRY_FITS_H
#define GATE_ENTRY_FITS_H

#include "base/err.h"
#include "base/str.h"

/* 0; -1 with what is wrong, in words that follow the option's name.  An option that fills no list takes everything. */
int entry_fits(struct str option, struct str value, struct err *e);

#endif
