# Runs the layer check over trees whose one public header includes a private one of its own layer,
# then a public one.
foreach(form "\"bson/decimal.h\"" "<bson/decimal.h>" "\"quern/bson/view.h\"" "<quern/bson/view.h>")
  file(REMOVE_RECURSE ${SCRATCH})
  file(WRITE ${SCRATCH}/include/quern/bson/thing.h "#include ${form}\n")
  execute_process(COMMAND ${CMAKE_COMMAND} -DTABLE=${TABLE} -DROOT=${SCRATCH} -P ${CHECK}
                  RESULT_VARIABLE result ERROR_VARIABLE text)
  if(form MATCHES "quern" AND NOT result EQUAL 0)
    message(FATAL_ERROR "a public header may include ${form}, but: ${text}")
  elseif(NOT form MATCHES "quern" AND (result EQUAL 0 OR NOT text MATCHES "thing.h"))
    message(FATAL_ERROR "a public header was allowed to include ${form}, or not named: ${text}")
  endif()
endforeach()
