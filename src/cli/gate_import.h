/* cli/gate_import.h - `telltale gate import FILE`: a configuration of spamdyke, 3.x to 5.0.1, as our gate { }.
 *
 * The text goes to stdout, with a comment for each thing that could not be taken
 * over and what takes its place; how many there are is said on stderr.  Files
 * that the configuration names are tried too, and so is config-dir, which stays
 * where it is: telltale reads spamdyke's own.
 */
#ifndef CLI_GATE_IMPORT_H
#define CLI_GATE_IMPORT_H

#include <stddef.h>

/* dirs: more folders for config-dir.  An exit code: CLI_NO when something is left to be done by hand. */
int gate_import(const char *file, char *const *dirs, size_t ndirs);

#endif
