// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Text that somebody else chose, a server or a file, as a terminal may show it.
#ifndef QUERN_BASE_SHOWN_H_
#define QUERN_BASE_SHOWN_H_

#include <string>
#include <string_view>

namespace quern {

// Lines of text without what a terminal may obey or not show: control characters but the line feed,
// line separators, marks of writing direction, characters without a width and bytes that are not
// UTF-8 become \u009b and \x9b.
std::string without_controls(std::string_view text);

// A name as a component of a path: in quotes, with the line feeds escaped too, unless it is a plain
// word, so that no name looks like a path, or like a line, of its own.
std::string shown_name(std::string_view name);
// The same for every component of a dotted path.
std::string shown_path(std::string_view dotted);

}  // namespace quern

#endif  // QUERN_BASE_SHOWN_H_
