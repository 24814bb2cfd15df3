# find_package(quern) gives quern::quern, the shared library, and quern::testing.
# find_package(quern COMPONENTS static) gives quern::quern_static besides, with the libraries that it needs.
include("${CMAKE_CURRENT_LIST_DIR}/quern-targets.cmake")
foreach(component IN LISTS quern_FIND_COMPONENTS)
  if(NOT component STREQUAL "static")
    set(quern_FOUND FALSE)
    set(quern_NOT_FOUND_MESSAGE "quern has no component '${component}', only 'static'")
    return()
  endif()
  include("${CMAKE_CURRENT_LIST_DIR}/quern-libraries.cmake")
  include("${CMAKE_CURRENT_LIST_DIR}/quern-static-targets.cmake")
  set(quern_${component}_FOUND TRUE)
endforeach()
