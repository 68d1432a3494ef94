from django.urls import path

from apps.staff import views

app_name = "staff"
urlpatterns = [
    path("people/", views.people, name="people"),
    path("people/invite/", views.invite, name="invite"),
    path("people/roles/", views.roles, name="roles"),
    path("people/me/", views.me, name="me"),
    path("people/<uuid:pk>/", views.person, name="person"),
    path("people/<uuid:pk>/roles/", views.change_roles, name="change_roles"),
    path("people/<uuid:pk>/deactivate/", views.deactivate, name="deactivate"),
    path("people/<uuid:pk>/reactivate/", views.reactivate, name="reactivate"),
]
