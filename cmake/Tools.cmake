# Compiler launcher, linker and warnings: the same for every target.
find_program(QUERN_CCACHE ccache)
if(QUERN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${QUERN_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${QUERN_CCACHE})
endif()

find_program(QUERN_MOLD mold)
if(QUERN_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_custom_target(tidy COMMAND ${PROJECT_SOURCE_DIR}/scripts/tidy USES_TERMINAL COMMENT "clang-tidy over all sources")

add_compile_options(-Wall -Wextra -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False positives of g++ 12 on inlined std::string and std::vector code.
  add_compile_options(-Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds
                      -Wno-maybe-uninitialized -Wno-dangling-pointer)
  if(CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
    # Takes an iterator's element, a view into bytes that live on, for a part of the iterator.
    # The atomic functions of shared_ptr are deprecated in favour of std::atomic<std::shared_ptr>,
    # which ThreadSanitizer cannot follow in g++ 12's library: a warning, no error.
    add_compile_options(-Wno-dangling-reference -Wno-error=deprecated-declarations)
  endif()
endif()
add_link_options(-Wl,--as-needed)
# Functions are bound when a program starts. Bound at their first call, the dynamic linker saves the
# vector registers on the stack, and with them whatever piece of a key was being copied.
add_link_options(-Wl,-z,relro,-z,now)
