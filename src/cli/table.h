/* cli/table.h - JSON that was made for programs, shown to people.
 *
 * An array of objects becomes a table with aligned columns, one object becomes
 * lines `name  value`.  Arrays inside are joined by commas, and so is each name=value
 * of objects inside; whole numbers of a field `quota` are shown as sizes.  -1 when it is not such JSON.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdio.h>
#include "base/str.h"

int table_print(FILE *to, struct str json);

#endif
