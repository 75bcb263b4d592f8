/* cli/house.h - the stations that telltaled asks for help, joined (see supervise/house.h). */
#ifndef CLI_HOUSE_H
#define CLI_HOUSE_H

#include "supervise/house.h"

extern const struct house house;

#endif
