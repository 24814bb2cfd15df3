# cmake --install: headers, the library as a shared and as a static one, find_package(quern) and pkg-config files.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
option(QUERN_INSTALL_STRIPPED "Install the shared library without symbols that only a debugger reads" ON)
if(QUERN_INSTALL_STRIPPED)
  install(CODE "set(CMAKE_INSTALL_DO_STRIP 1)")
endif()
set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/quern)
install(TARGETS quern quern_testing EXPORT quern_targets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT quern_targets NAMESPACE quern:: FILE quern-targets.cmake DESTINATION ${config_dir})
# Apart, because it needs the development packages of the libraries beneath.
install(TARGETS quern_static EXPORT quern_static_targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT quern_static_targets NAMESPACE quern:: FILE quern-static-targets.cmake DESTINATION ${config_dir})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/quern DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/quern-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_SOURCE_DIR}/cmake/Libraries.cmake DESTINATION ${config_dir} RENAME quern-libraries.cmake)
install(FILES ${PROJECT_SOURCE_DIR}/cmake/quern-config.cmake ${PROJECT_BINARY_DIR}/quern-config-version.cmake
        DESTINATION ${config_dir})
# Relative to itself, so that the package may be installed or moved anywhere.
file(RELATIVE_PATH quern_pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
foreach(name quern quern-testing)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
