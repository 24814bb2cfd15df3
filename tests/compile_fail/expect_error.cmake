# Compiles CASE with COMPILE; fails unless the compiler refuses it with the sentence of the case's
# "// expect:" lines (all of them) on an error line.
file(STRINGS ${CASE} lines REGEX "^// expect: ")
if(NOT lines)
  message(FATAL_ERROR "${CASE} has no '// expect: ' line")
endif()
execute_process(COMMAND ${COMPILE} -S -o /dev/null -I${CMAKE_CURRENT_LIST_DIR} ${CASE}
                RESULT_VARIABLE result ERROR_VARIABLE output OUTPUT_VARIABLE output)
if(result EQUAL 0)
  message(FATAL_ERROR "${CASE} compiles, but should not")
endif()
string(REGEX MATCHALL "[^\n]*error:[^\n]*" errors "${output}")
foreach(line IN LISTS lines)
  string(REPLACE "// expect: " "" sentence "${line}")
  string(FIND "${errors}" "${sentence}" found)
  if(found EQUAL -1)
    message(FATAL_ERROR "expected the error\n  ${sentence}\ngot\n${output}")
  endif()
endforeach()
