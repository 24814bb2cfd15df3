# What the library is built on; a program that links the static one needs the same. Every one is a package of the
# distribution; scripts/setup installs them.
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
find_package(fmt REQUIRED)
find_package(Boost 1.74 CONFIG REQUIRED)
find_package(RocksDB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(BSON REQUIRED IMPORTED_TARGET libbson-1.0)
pkg_check_modules(MONGOC REQUIRED IMPORTED_TARGET libmongoc-1.0)
pkg_check_modules(ICU REQUIRED IMPORTED_TARGET icu-i18n icu-uc)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(TOMLPLUSPLUS REQUIRED IMPORTED_TARGET tomlplusplus)
# Intel's decimals have no configuration file. bidgcc000 is the build of it that takes values,
# rounding modes and flags as arguments, and shares no state between threads.
find_path(BID_INCLUDE_DIR bid_functions.h REQUIRED)
find_library(BID_LIBRARY bidgcc000 REQUIRED)
if(NOT TARGET Intel::bid)
  add_library(Intel::bid UNKNOWN IMPORTED)
  set_target_properties(Intel::bid PROPERTIES IMPORTED_LOCATION ${BID_LIBRARY}
                        INTERFACE_INCLUDE_DIRECTORIES ${BID_INCLUDE_DIR})
endif()
