/* wire/parameter.h - one parameter of MAIL or RCPT (RFC 1870, 3461, 4954, 6152, 8689), for command.c. */
#ifndef WIRE_PARAMETER_H
#define WIRE_PARAMETER_H

#include "wire/command.h"

/* `seen`: a bit for each that stood there before.  COMMAND_VALUE says why in out->why. */
enum command_fault parameter_read(bool mail, struct str word, struct arena *a, unsigned *seen, struct command *out);

#endif
