// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
#include "clinic/project.h"

int main(int argc, char** argv) { return quern::manage(make_project, argc, argv); }
