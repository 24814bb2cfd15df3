# Runs the layer check over trees whose one file includes a header of RocksDB.
function(check path wanted)
  file(REMOVE_RECURSE ${SCRATCH})
  file(WRITE ${SCRATCH}/src/${path} "#include <rocksdb/slice.h>\n")
  execute_process(COMMAND ${CMAKE_COMMAND} -DTABLE=${TABLE} -DROOT=${SCRATCH} -P ${CHECK}
                  RESULT_VARIABLE result ERROR_VARIABLE text)
  if(wanted STREQUAL "allowed" AND NOT result EQUAL 0)
    message(FATAL_ERROR "${path} may include RocksDB, but: ${text}")
  elseif(wanted STREQUAL "refused" AND (result EQUAL 0 OR NOT text MATCHES "${path}"))
    message(FATAL_ERROR "${path} was allowed to include RocksDB, or not named: ${text}")
  endif()
endfunction()

check(storage/rocks_store.cc allowed)
check(storage/store.h refused)
check(engine/catalog/catalog.cc refused)
