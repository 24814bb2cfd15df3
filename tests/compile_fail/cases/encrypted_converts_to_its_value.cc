// Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
// expect: conversion from 'const quern::Encrypted<std::__cxx11::basic_string<char> >' to non-scalar
// type
#include "clinic.h"

std::string bad(const quern::Encrypted<std::string>& secret) {
  std::string text = secret;
  return text;
}
