// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// Synthetic patients that look like real ones, the same ones for the same seed on every machine:
// few names are frequent and many are rare, SSNs are in the range that is never assigned (9xx),
// card numbers are valid test numbers, most bills are small.
#ifndef EXAMPLES_CLINIC_GENERATOR_H_
#define EXAMPLES_CLINIC_GENERATOR_H_

#include <cstdint>
#include <ostream>

namespace clinic {

// Writes a header and `count` rows. The first patient is John Doe (1001), SSN 123-45-6789. count is
// at most a million, so that all SSNs differ.
void generate_patients(std::ostream& out, std::int64_t count, std::uint64_t seed);

}  // namespace clinic

#endif  // EXAMPLES_CLINIC_GENERATOR_H_
