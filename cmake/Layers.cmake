# The layers of the architecture, one library target each. A layer may use only layers declared
# before it, and of these only what its DEPENDS names (and what those depend on). Both edges are
# enforced: the linker sees no other library, and cmake/CheckLayers.cmake fails the build on an
# #include that crosses the table. Inside a layer with rooms the same script holds their order.
set_property(GLOBAL PROPERTY QUERN_LAYERS "")
set(QUERN_LAYER_TABLE ${PROJECT_BINARY_DIR}/layers.cmake)
file(WRITE ${QUERN_LAYER_TABLE} "# Written by cmake/Layers.cmake\n")

# quern_layer(name DEPENDS layer... TESTED_WITH layer... LIBS target...)
# TESTED_WITH names layers, declared anywhere, that only the layer's tests (*_test.cc, testing/) use.
# Sources in a folder testing/ are no part of the layer: they make quern_NAME_testing, for tests.
function(quern_layer name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;TESTED_WITH;LIBS" ${ARGN})
  get_property(known GLOBAL PROPERTY QUERN_LAYERS)
  set(closure ${name})
  foreach(dep IN LISTS ARG_DEPENDS)
    if(NOT dep IN_LIST known)
      message(FATAL_ERROR "layer '${name}' depends on '${dep}', which is not declared above it")
    endif()
    get_property(deps GLOBAL PROPERTY QUERN_CLOSURE_${dep})
    list(APPEND closure ${deps})
  endforeach()
  list(REMOVE_DUPLICATES closure)
  set_property(GLOBAL PROPERTY QUERN_CLOSURE_${name} "${closure}")
  set_property(GLOBAL APPEND PROPERTY QUERN_LAYERS ${name})
  file(APPEND ${QUERN_LAYER_TABLE} "set(ALLOWED_${name} ${closure})\nset(TESTED_WITH_${name} ${ARG_TESTED_WITH})\n"
       "list(APPEND LAYERS ${name})\n")
  set_property(GLOBAL PROPERTY QUERN_TESTED_WITH_${name} "${ARG_TESTED_WITH}")

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS
       ${PROJECT_SOURCE_DIR}/src/${name}/*.cc)
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  set(test_support ${sources})
  list(FILTER test_support INCLUDE REGEX "/testing/[^/]+$")
  list(FILTER sources EXCLUDE REGEX "/testing/[^/]+$")
  if(NOT sources)
    file(WRITE ${PROJECT_BINARY_DIR}/empty/${name}.cc "")
    set(sources ${PROJECT_BINARY_DIR}/empty/${name}.cc)
  endif()
  add_library(quern_${name} STATIC ${sources})
  target_include_directories(quern_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM ARG_DEPENDS PREPEND quern_)
  target_link_libraries(quern_${name} PUBLIC ${ARG_DEPENDS} ${ARG_LIBS})
  add_dependencies(quern_${name} quern_check_layers)
  set_property(GLOBAL APPEND PROPERTY QUERN_LAYER_LIBS ${ARG_LIBS})
  if(test_support)
    add_library(quern_${name}_testing STATIC EXCLUDE_FROM_ALL ${test_support})
    target_link_libraries(quern_${name}_testing PUBLIC quern_${name})
  endif()
endfunction()

# quern_rooms(layer room...): the folders of a layer, from the ground up. A room may use only itself
# and the rooms before it; what lies beside the rooms, as the layer's face, may use them all, and so
# may tests and what lies in a folder testing/.
function(quern_rooms layer)
  file(APPEND ${QUERN_LAYER_TABLE} "set(ROOMS_${layer} ${ARGN})\n")
endfunction()

# quern_confine(library regex): only sources whose path matches may include <library/...>, so that
# another library could take its place.
function(quern_confine library regex)
  file(APPEND ${QUERN_LAYER_TABLE} "list(APPEND CONFINED ${library})\nset(CONFINED_${library} \"${regex}\")\n")
endfunction()

add_custom_target(quern_check_layers ALL
  COMMAND ${CMAKE_COMMAND} -DTABLE=${QUERN_LAYER_TABLE} -DROOT=${PROJECT_SOURCE_DIR}
          -P ${PROJECT_SOURCE_DIR}/cmake/CheckLayers.cmake
  COMMENT "Checking that includes follow the layer table")

# One test program a layer, of the *_test.cc files beside its sources; it links that layer only, what
# the layer is TESTED_WITH, and the test support of the layers that it may use.
function(quern_layer_tests)
  get_property(layers GLOBAL PROPERTY QUERN_LAYERS)
  foreach(name IN LISTS layers)
    file(GLOB_RECURSE tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*_test.cc)
    if(tests)
      add_executable(${name}_test ${tests})
      set_target_properties(${name}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test)
      get_property(tested_with GLOBAL PROPERTY QUERN_TESTED_WITH_${name})
      list(TRANSFORM tested_with PREPEND quern_)
      get_property(closure GLOBAL PROPERTY QUERN_CLOSURE_${name})
      set(test_support "")
      foreach(layer IN LISTS closure)
        if(TARGET quern_${layer}_testing)
          list(APPEND test_support quern_${layer}_testing)
        endif()
      endforeach()
      target_link_libraries(${name}_test PRIVATE ${test_support} ${tested_with} quern_${name}
                                                 GTest::gmock GTest::gtest_main)
      gtest_discover_tests(${name}_test TEST_PREFIX ${name}. DISCOVERY_MODE PRE_TEST
                           PROPERTIES TIMEOUT 600)
    endif()
  endforeach()
endfunction()
